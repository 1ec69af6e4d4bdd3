import { DispatcherServiceService, type DispatcherServiceServer } from '@bellwire/contracts';
import { makeHandlers, serveGrpc } from '@bellwire/rpc';
import { makeCancel } from './rpc/cancel.ts';
import { makeBodyFor } from './rpc/body-for.ts';
import { makePreviewTemplate } from './rpc/preview-template.ts';
import { makeRedeliver } from './rpc/redeliver.ts';
import { makeSendTest } from './rpc/send-test.ts';
import { makeTestFilter } from './rpc/test-filter.ts';
import { startPipeline } from './start-pipeline.ts';

import type { DispatcherDeps } from './dispatcher-deps.ts';

const service = 'bellwire.dispatcher.v1.DispatcherService';

/** Starts the workers, and the server of the calls that people make about their deliveries. */
export const startDispatcher = async (deps: DispatcherDeps): Promise<{ port: number }> => {
  const { scope, log, clock, view, send, maxDeadlineMs } = deps;
  const { producer, templates, compileEndpoint } = await startPipeline(deps);

  const handlers = makeHandlers({
    service,
    authenticate: deps.authenticate,
    onBug: (error, method) => log.error({ method, err: error }, 'rpc.failed'),
  });
  const bodyFor = makeBodyFor(templates.render);
  const common = { view, compileEndpoint, bodyFor, append: producer.produce, clock };
  const implementation: DispatcherServiceServer = {
    redeliver: handlers.unary('Redeliver', makeRedeliver({ ...common, history: deps.history, maxDeadlineMs })),
    sendTest: handlers.unary('SendTest', makeSendTest({ ...common, send })),
    cancel: handlers.unary('Cancel', makeCancel({ ...common, history: deps.history, maxDeadlineMs })),
    previewTemplate: handlers.unary(
      'PreviewTemplate',
      makePreviewTemplate({ view, renderTemplate: templates.render, clock }),
    ),
    testFilter: handlers.unary('TestFilter', makeTestFilter({ clock })),
  };
  const { host, port } = deps;
  return scope.own(
    service,
    await serveGrpc({ host, port, service, definition: DispatcherServiceService, implementation }),
  );
};
