// Three kinds of test, told apart by suffix (docs: CONTRIBUTING.md). Only integration and end-to-end tests need a server,
// which globalSetup finds or starts once for the whole run.
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' }, sourceMaps: 'inline' },
  ],
};
const base = { rootDir: import.meta.dirname, transform, extensionsToTreatAsEsm: ['.ts'], testEnvironment: 'node' };
const servers = {
  globalSetup: '<rootDir>/libs/testing/src/servers/setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/servers/teardown.ts',
};

export default {
  testTimeout: 60_000,
  // End-to-end tests wait more than they work: two at a time take half as long.
  maxWorkers: 2,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,scripts}/**/*.test.ts'] },
    { ...base, ...servers, displayName: 'integration', testMatch: ['<rootDir>/{apps,libs}/**/*.itest.ts'] },
    // The same tests on the suite and on the cluster, and what only one of them has.
    {
      ...base,
      ...servers,
      displayName: 'e2e suite',
      testMatch: ['<rootDir>/apps/e2e/src/{delivery,dialects,documents,suite-only}/**/*.e2e.ts'],
      globals: { bellwireTarget: 'suite' },
    },
    {
      ...base,
      ...servers,
      displayName: 'e2e cluster',
      testMatch: ['<rootDir>/apps/e2e/src/{delivery,dialects,documents,cluster-only}/**/*.e2e.ts'],
      globals: { bellwireTarget: 'cluster' },
    },
  ],
};
