import type { Migrations } from '@bellwire/persistence';
import { reservations } from './0001-reservations.ts';
import { onLog } from './0002-on-log.ts';

/** Of the schema `ingestion`, in order. */
export const migrations: Migrations = { '0001-reservations': reservations, '0002-on-log': onLog };
