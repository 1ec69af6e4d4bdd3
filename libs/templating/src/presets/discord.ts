import { eventData } from './event-data.ts';

/**
 * A webhook of Discord: the message of the contribux document for achievement.earned, for any other event its type and the
 * top-level values of its data. An embed may have 25 fields and 6,000 characters in all:
 * https://discord.com/developers/docs/resources/message#embed-object-embed-limits
 */
export const discord = `(${eventData}
  $time := $type($body.timestamp) = "string" ? $body.timestamp[$contains($, /^\\d{4}-\\d\\d-\\d\\dT/)];
  $field := function($name, $value, $inline) {
    $exists($name) and $exists($value) ? {"name": $string($name), "value": $string($value), "inline": $inline}
  };

  $earned := function($achievement, $celebration) {{
    "embeds": [{
      "title": "🏆 Achievement Unlocked!",
      "description": $celebration.message,
      "color": 65280,
      "fields": [
        $field($achievement.name, $achievement.description, false),
        $field("Rarity", $achievement.rarity, true),
        $field("Category", $achievement.category, true)
      ],
      "thumbnail": $exists($achievement.badge_url) ? {"url": $achievement.badge_url},
      "timestamp": $time
    }]
  }};

  $any := function() {(
    $fields := $scalars(60, 160, 25).{"name": name, "value": value, "inline": $length(value) <= 40};
    {
      "embeds": [{
        "title": $cut($event_type, 250),
        "fields": $exists($fields) ? [$fields],
        "timestamp": $time
      }]
    }
  )};

  $event_type = "achievement.earned" and $type($data.achievement) = "object"
    ? $earned($data.achievement, $data.celebration)
    : $any()
)`;
