import { eventData } from './event-data.ts';

/**
 * An incoming webhook of Slack: the message of the contribux document for opportunity.matched, for any other event its type
 * and the top-level values of its data. https://docs.slack.dev/messaging/formatting-message-text names the three characters
 * that are escaped.
 */
export const slack = `(${eventData}
  $escape := function($text) { $text ~> $replace("&", "&amp;") ~> $replace("<", "&lt;") ~> $replace(">", "&gt;") };
  $field := function($title, $value) {
    $exists($value) ? {"title": $title, "value": $string($value), "short": true}
  };
  $button := function($text, $url, $style) {
    $exists($url) ? {"type": "button", "text": $text, "url": $url, "style": $style}
  };
  $orNothing := function($list) { $count($list) > 0 ? $list };

  $matched := function($opportunity, $match) {{
    "text": "🎯 New Opportunity Match!",
    "attachments": [{
      "color": "good",
      "title": $opportunity.title,
      "title_link": $body.action_urls.view_opportunity,
      "fields": [
        $field("Repository", $opportunity.repository.full_name),
        $field("Match Score", $type($match.overall_score) = "number"
          ? $floor($match.overall_score * 100 + 0.5) & "%"),
        $field("Difficulty", $opportunity.difficulty),
        $field("Estimated Time", $exists($opportunity.estimated_hours) ? $opportunity.estimated_hours & " hours")
      ],
      "text": $join($match.reasons[$type($) = "string"], "\\n"),
      "actions": $orNothing([
        $button("View Opportunity", $body.action_urls.view_opportunity, "primary"),
        $button("Start Working", $body.action_urls.start_tracking)
      ])
    }]
  }};

  $any := function() {(
    $fields := $scalars(100, 1000, 20).{
      "title": $escape(name), "value": $escape(value), "short": $length(value) <= 40
    };
    {
      "text": $escape($event_type),
      "attachments": $exists($fields) ? [{"fallback": $escape($event_type), "fields": [$fields]}]
    }
  )};

  $event_type = "opportunity.matched"
    and $type($data.opportunity) = "object" and $type($data.match_analysis) = "object"
    ? $matched($data.opportunity, $data.match_analysis)
    : $any()
)`;
