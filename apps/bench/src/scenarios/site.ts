import { machineMs } from '../clock.ts';
import type { Product } from '../product/launch.ts';
import { newTenant } from '../product/tenant.ts';
import type { ReceiverProcess } from '../traffic/receiver-process.ts';
import { interleave } from './interleave.ts';
import type { Neighbour, SitePlan } from './load.ts';

/** Requests of the endpoints that are measured are counted under this name. */
export const measured = 'measured';

export interface SiteNeighbour {
  name: string;
  endpointId: string;
  path: string;
  isOwed(type: string): boolean;
}

/** A tenant with its endpoints, and the types of events that go to them. */
export interface Site {
  key: string;
  /** To be published in turn, so that each endpoint gets its share. */
  types: readonly string[];
  /** The same without those of the neighbours. */
  measuredTypes: readonly string[];
  /** The measured endpoints that are owed an event of a type. */
  pathsOf(type: string): readonly string[];
  /** Of the measured endpoints. */
  endpointIds: readonly string[];
  neighbours: readonly SiteNeighbour[];
  removeNeighbours(): Promise<void>;
}

const everyType = 'order.paid';

/** Creates the tenant and its endpoints, and tells the receiver how to answer. */
export const openSite = async (
  { product, receiver }: { product: Product; receiver: ReceiverProcess },
  { title, endpoints, isSpread = false, neighbours: plans = [] }: SitePlan,
): Promise<Site> => {
  const tenant = await newTenant(product, title);
  const prefix = `/${Math.round(machineMs())}`;
  const add = async (name: string, group: string, plan: Omit<Neighbour, 'name'>): Promise<string> => {
    const path = `${prefix}/${name}`;
    const types = isSpread ? { event_types: [`order.${name}`] } : undefined;
    const url = receiver.url(path, plan.origin === 'own' ? 'second' : 'first');
    const { id, secret } = await tenant.createEndpoint(url, { ...types, ...plan.settings });
    const { status, afterMs: delayMs } = plan.answer;
    await receiver.expect({ path, group, secret, status, delayMs });
    return id;
  };

  const names = Array.from({ length: endpoints }, (_, index) => `n${index}`);
  const endpointIds: string[] = [];
  for (const name of names)
    endpointIds.push(await add(name, measured, { origin: 'same', answer: { status: 200, afterMs: 0 } }));
  const neighbours: SiteNeighbour[] = [];
  for (const plan of plans) {
    const { name } = plan;
    const isOwed = (type: string): boolean => !isSpread || type === `order.${name}`;
    neighbours.push({ name, path: `${prefix}/${name}`, endpointId: await add(name, name, plan), isOwed });
  }

  const paths = names.map((name) => `${prefix}/${name}`);
  const pathOfType = new Map(names.map((name): [string, string[]] => [`order.${name}`, [`${prefix}/${name}`]]));
  const weights = new Map(names.map((name): [string, number] => [`order.${name}`, 1]));
  for (const { name, share = 0 } of plans) weights.set(`order.${name}`, share);
  return {
    key: tenant.key,
    types: isSpread ? interleave(weights) : [everyType],
    measuredTypes: isSpread ? [...pathOfType.keys()] : [everyType],
    pathsOf: (type) => (isSpread ? (pathOfType.get(type) ?? []) : paths),
    endpointIds,
    neighbours,
    removeNeighbours: async () => {
      for (const { endpointId } of neighbours) await tenant.deleteEndpoint(endpointId);
    },
  };
};
