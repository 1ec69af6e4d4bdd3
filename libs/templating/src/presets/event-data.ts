/**
 * What both presets begin with. `$data` is the data of the event, wherever the dialect's envelope has it, or the whole body
 * where that is the data; `$scalars(names, values, count)` its top-level texts, numbers and booleans, cut to so many
 * characters, without those that are blank, or whose name is: Discord refuses the whole message for one.
 */
export const eventData = `
  $body := $;
  $data := $type(data) = "object" ? data : $type(notification) = "object" ? notification : $body;
  $cut := function($text, $size) { $length($text) > $size ? $substring($text, 0, $size - 1) & "…" : $text };
  $scalars := function($names, $values, $count) {(
    $all := $type($data) = "object" ? $each($data, function($value, $name) {
      $type($value) in ["string", "number", "boolean"] and $trim($string($value)) != "" and $trim($name) != ""
        ? {"name": $cut($name, $names), "value": $cut($string($value), $values)}
    });
    $all[[0..$count - 1]]
  )};
`;
