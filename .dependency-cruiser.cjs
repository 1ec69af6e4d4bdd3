// The arrows between the rooms (style: app → adapter → core), enforced by `npm run boundaries`.
const core = '^libs/(domain|signing|filtering|dialects|secrets|errors)/';
const adapter = '^libs/(rpc|messaging|registry-view|persistence|egress|config|lifecycle|provision|templating)/';
const contract = '^libs/(contracts|client)/';
const tests = '\\.(test|itest|e2e|bench)\\.ts$|/conformance/|^libs/testing/|/src/testing/|^apps/e2e/';

/** A package only where it belongs. */
const fence = (name, packages, rooms) => ({
  name,
  severity: 'error',
  from: { path: '^(apps|libs)/', pathNot: [...rooms, tests] },
  to: { path: packages.map((each) => `node_modules/${each}/`) },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'imports-are-declared',
      comment: 'A project names what it imports in its own package.json.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: tests },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'entered-through-index',
      comment: 'Another project is entered through its src/index.ts only.',
      severity: 'error',
      from: { path: '^(?:apps|libs)/([^/]+)/' },
      to: {
        path: '^(?:apps|libs)/([^/]+)/',
        pathNot: ['^(?:apps|libs)/$1/', '^(?:apps|libs)/[^/]+/src/index\\.ts$', '/conformance/'],
      },
    },
    {
      name: 'core-is-pure',
      comment: 'The core imports the core, and nothing that does I/O.',
      severity: 'error',
      from: { path: core, pathNot: tests },
      to: { path: '^(apps|libs)/', pathNot: core },
    },
    {
      name: 'core-does-no-io',
      severity: 'error',
      from: { path: core, pathNot: tests },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|net|http|https|http2|dns|tls|child_process|worker_threads|cluster)',
      },
    },
    {
      name: 'contracts-stand-alone',
      severity: 'error',
      from: { path: contract, pathNot: tests },
      to: { path: '^(apps|libs)/', pathNot: contract },
    },
    {
      name: 'adapters-never-import-apps',
      severity: 'error',
      from: { path: adapter, pathNot: tests },
      to: { path: '^apps/' },
    },
    {
      name: 'adapters-never-import-adapters',
      comment:
        'If two must meet, they meet in a composition root. The registry view is a reader of the log by definition.',
      severity: 'error',
      from: { path: '^libs/(rpc|messaging|persistence|egress|config|lifecycle|provision)/', pathNot: tests },
      to: { path: adapter, pathNot: ['^libs/$1/'] },
    },
    {
      name: 'apps-never-import-apps',
      comment: 'Only the suite, the bench, the simulator and the end-to-end tests compose apps.',
      severity: 'error',
      from: { path: '^apps/(gateway|registry|ingestion|dispatcher|audit)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: tests },
      to: { path: '^libs/testing/|/src/testing/' },
    },
    fence('kafkajs-in-messaging', ['kafkajs'], ['^libs/messaging/']),
    fence(
      'sql-in-stores',
      ['pg', 'kysely'],
      [
        '^libs/persistence/',
        '^libs/messaging/src/embedded/',
        '^libs/provision/',
        '^apps/[^/]+/(src/store|migrations)/',
      ],
    ),
    fence('grpc-in-rpc', ['@grpc/grpc-js'], ['^libs/(contracts|rpc|client)/']),
    fence('http-client-in-egress', ['undici'], ['^libs/egress/']),
    fence('telemetry-sdk-in-telemetry', ['@opentelemetry/sdk-node'], ['^libs/telemetry/']),
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    exclude: { path: ['/generated/', '^node_modules/(?!@bellwire)', '/dist/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
