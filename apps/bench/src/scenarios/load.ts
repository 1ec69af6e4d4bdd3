import type { EndpointSettings } from '../product/tenant.ts';
import type { PublishMode } from '../traffic/generator-protocol.ts';

/** An endpoint beside those that are measured. */
export interface Neighbour {
  name: string;
  /** Its host and port: those of the others, or of its own. */
  origin: 'same' | 'own';
  answer: { status: number; afterMs: number };
  settings?: EndpointSettings;
  /** Of a spread load: events that it gets for each that a measured endpoint gets. */
  share?: number;
}

/** Endpoints of a new tenant. */
export interface SitePlan {
  title: string;
  /** How many are measured. */
  endpoints: number;
  /** Each event goes to one endpoint in turn, by its type. @default each event goes to every endpoint */
  isSpread?: boolean;
  neighbours?: readonly Neighbour[];
}

/** So many events, published in one way to a new tenant with some endpoints. */
export interface Load extends SitePlan {
  publish: PublishMode;
  events: number;
  /** Undefined: as fast as they are accepted. */
  ratePerSecond?: number;
}
