import { kinds } from './kinds.ts';
import { reasons } from './reasons.ts';

/** docs/errors.md as text, made from the table of reasons. */
export const describeReasons = (): string => {
  const rows = Object.entries(reasons).map(([reason, [kind, title, advice]]) => {
    const { grpc, http } = kinds[kind];
    return `| <a id="${reason}"></a>\`${reason}\` | ${http} | ${grpc} | ${title}. | ${advice} |`;
  });
  return [
    '# Errors',
    '',
    'Over REST an error is problem+json (RFC 9457) with a `reason`, and `fields` where fields are wrong; over gRPC it is a',
    'status with google.rpc.ErrorInfo, BadRequest and RetryInfo as details. Made by `npm run gen`; do not edit.',
    '',
    '| reason | HTTP | gRPC | means | what to do |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
};
