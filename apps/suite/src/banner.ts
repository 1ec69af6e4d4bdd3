import type { Suite } from './start-suite.ts';

export interface BannerFacts {
  suite: Suite;
  host: string;
  dataDir: string;
  /** Whether requests to the loopback were allowed because nobody said otherwise. */
  opensLoopback: boolean;
}

/** What a person wants to know when the suite is up: where it is, the key, and one command to try. */
export const bannerOf = ({ suite: { adminKey, ports }, host, dataDir, opensLoopback }: BannerFacts): string => {
  const rest = `http://${host}:${ports.http}`;
  const lines = [
    'Bellwire is ready.',
    '',
    `  REST        ${rest}   (description: ${rest}/openapi.json)`,
    `  registry    ${host}:${ports.registry}`,
    `  ingestion   ${host}:${ports.ingestion}`,
    `  dispatcher  ${host}:${ports.dispatcher}`,
    `  audit       ${host}:${ports.audit}`,
    `  data        ${dataDir}`,
    `  admin key   ${adminKey}`,
    '',
  ];
  if (opensLoopback) {
    lines.push(
      '  Development: plain http and this machine (127.0.0.0/8, ::1) are allowed as receivers. Set',
      '  BELLWIRE_EGRESS_ALLOW_CIDRS or BELLWIRE_EGRESS_ALLOW_HTTP to say otherwise.',
      '',
    );
  }
  lines.push(
    'Try it:',
    '',
    `  curl -s ${rest}/v1/tenants -H 'Authorization: Bearer ${adminKey}' \\`,
    `    -H 'Content-Type: application/json' -d '{"name":"acme"}'`,
    '',
    'README.md goes on from there. Ctrl-C stops it; what it knows stays in the data folder.',
    '',
  );
  return lines.join('\n');
};
