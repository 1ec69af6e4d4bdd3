import { discord } from './presets/discord.ts';
import { slack } from './presets/slack.ts';

/** JSONata expressions by the name under which an endpoint asks for them. */
export const presets: ReadonlyMap<string, string> = new Map([
  ['slack', slack],
  ['discord', discord],
]);
