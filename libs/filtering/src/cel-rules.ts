import type { ASTNode } from '@marcbachmann/cel-js';

/**
 * What a tenant's expression may call. CEL always ends, but may take long over it, and it runs in the router. So there
 * is no regular expression (`matches` is a RegExp of JavaScript, which can backtrack for years), nothing that makes
 * longer values (`map`, `split`, `cel.bind`: x + x in a chain doubles), a loop goes over a list of the event, and
 * inside it the whole data is out of reach. What is left costs at most nodes times values: see budget.ts.
 */
const functions = new Set(
  [
    'size startsWith endsWith contains lowerAscii upperAscii trim indexOf lastIndexOf substring has',
    'int uint double string bool timestamp duration type dyn getFullYear getMonth getDate getDayOfMonth getDayOfWeek',
    'getDayOfYear getHours getMinutes getSeconds getMilliseconds',
  ].flatMap((names) => names.split(' ')),
);

const loops = new Set(['all', 'exists', 'exists_one', 'filter']);

/** Their time is the product of the lengths of both texts, so one of them must be in the filter. */
const searches = new Set(['contains', 'indexOf', 'lastIndexOf']);

/** Fields of the event that are short. */
const shortFields = new Set(['id', 'type', 'subject', 'occurred_at', 'accepted_at']);

const at = (node: ASTNode): string => ` (at character ${node.start + 1})`;

const childrenOf = (node: ASTNode): readonly ASTNode[] => {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
};

/** A place in the event, or what filter() leaves of one, or a list that is written out. */
const isListOfEvent = (node: ASTNode): boolean => {
  if (node.op === '.' || node.op === '[]') return isListOfEvent(node.args[0]);
  if (node.op === 'rcall') return node.args[0] === 'filter' && isListOfEvent(node.args[1]);
  return node.op === 'id' || node.op === 'list';
};

const firstProblem = (nodes: readonly ASTNode[], inLoop: boolean): string | undefined => {
  for (const node of nodes) {
    const problem = ruleProblem(node, inLoop);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const methodProblem = (node: Extract<ASTNode, { op: 'rcall' }>, inLoop: boolean): string | undefined => {
  const [name, receiver, args] = node.args;
  if (loops.has(name)) {
    if (inLoop) return `a loop such as ${name}() cannot stand inside another${at(node)}`;
    if (!isListOfEvent(receiver)) return `${name}() goes over a list of the event${at(node)}`;
    return ruleProblem(receiver, false) ?? firstProblem(args.slice(1), true);
  }
  if (!functions.has(name)) return `the function ${name}() is not available in a filter${at(node)}`;
  if (searches.has(name) && args[0] !== undefined && args[0].op !== 'value') {
    return `${name}() takes a text that is written in the filter${at(node)}`;
  }
  return firstProblem(childrenOf(node), inLoop);
};

const isShortField = (node: ASTNode): boolean =>
  node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'event' && shortFields.has(node.args[1]);

/** The library reads durations with a pattern that takes cubic time, so they are written out and short, such as "36h". */
const isShortText = (node: ASTNode | undefined): boolean =>
  node?.op === 'value' && typeof node.args === 'string' && node.args.length <= 20;

const callProblem = (node: Extract<ASTNode, { op: 'call' }>, inLoop: boolean): string | undefined => {
  const [name, args] = node.args;
  if (!functions.has(name)) return `the function ${name}() is not available in a filter${at(node)}`;
  if (name === 'duration' && !isShortText(args[0])) {
    return `duration() takes a text of at most 20 characters that is written in the filter${at(node)}`;
  }
  return firstProblem(args, inLoop);
};

/** The first thing in an expression that a filter may not do, or undefined. */
const ruleProblem = (node: ASTNode, inLoop: boolean): string | undefined => {
  if (isShortField(node)) return undefined;
  if (inLoop && node.op === 'id' && node.args === 'event') {
    return `inside a loop only ${[...shortFields].map((field) => `event.${field}`).join(', ')} can be used${at(node)}`;
  }
  if (node.op === 'call') return callProblem(node, inLoop);
  return node.op === 'rcall' ? methodProblem(node, inLoop) : firstProblem(childrenOf(node), inLoop);
};

export const celRuleProblem = (root: ASTNode): string | undefined => ruleProblem(root, false);

/** How many parts an expression has. */
export const celNodeCount = (node: ASTNode): number =>
  childrenOf(node).reduce((count, child) => count + celNodeCount(child), 1);
