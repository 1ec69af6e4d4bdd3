import type { Migrations } from '@bellwire/persistence';
import { reservations } from './0001-reservations.ts';

/** Of the schema `ingestion`, in order. */
export const migrations: Migrations = { '0001-reservations': reservations };
