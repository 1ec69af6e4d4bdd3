export { Fault, toFault, invalidField, invalidFields, noSuch, type FaultOptions, type FieldProblem } from './fault.ts';
export { kinds, type FaultKind } from './kinds.ts';
export { reasons, isReason, type Reason } from './reasons.ts';
export { describeReasons } from './describe-reasons.ts';
export { textProblem } from './text-problem.ts';
