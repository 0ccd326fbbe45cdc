import type { AcpiMethod, AmlExpression, AmlOperator, AmlStatement, AmlTarget } from '@qvm/core/vdev';
import { nameSegment, nameString, packaged } from './aml-names.js';
import { encodeValue } from './aml-values.js';
import { join } from './bytes.js';
import type { Bytes } from './bytes.js';
import { invalid } from './invalid.js';

// ACPI 6.5, section 20.2.5.
const Op = {
  method: 0x14,
  local: 0x60,
  argument: 0x68,
  store: 0x70,
  notify: 0x86,
  if: 0xa0,
  else: 0xa1,
  return: 0xa4,
  /** A result that is not stored. */
  noTarget: 0x00,
} as const;
const SERIALIZED = 1 << 3;
const ARGUMENTS = 7;
const LOCALS = 8;
const DEPTH_LIMIT = 64;

interface Operator {
  readonly code: number;
  readonly operands: number;
  /** Whether the encoding has a place for the result. */
  readonly target?: true;
}

const OPERATORS: Readonly<Record<AmlOperator, Operator>> = {
  add: { code: 0x72, operands: 2, target: true },
  subtract: { code: 0x74, operands: 2, target: true },
  and: { code: 0x7b, operands: 2, target: true },
  or: { code: 0x7d, operands: 2, target: true },
  xor: { code: 0x7f, operands: 2, target: true },
  not: { code: 0x80, operands: 1, target: true },
  'shift-left': { code: 0x79, operands: 2, target: true },
  'shift-right': { code: 0x7a, operands: 2, target: true },
  equal: { code: 0x93, operands: 2 },
  less: { code: 0x95, operands: 2 },
  greater: { code: 0x94, operands: 2 },
  'logical-and': { code: 0x90, operands: 2 },
  'logical-or': { code: 0x91, operands: 2 },
  'logical-not': { code: 0x92, operands: 1 },
  index: { code: 0x88, operands: 2, target: true },
  dereference: { code: 0x83, operands: 1 },
  'size-of': { code: 0x87, operands: 1 },
};

/**
 * The AML of a control method.
 *
 * @throws `QvmError` `acpi.invalid`.
 */
export function encodeMethod({ name, arguments: count = 0, serialized = false, body }: AcpiMethod): Bytes {
  if (!isBelow(count, ARGUMENTS + 1)) throw invalid(`The method ${name} has ${count} arguments; there are up to 7.`);
  const flags = count | (serialized ? SERIALIZED : 0);
  return [Op.method, ...packaged([...nameSegment(name), flags, ...statements(body, 0)])];
}

const isBelow = (value: number, limit: number): boolean => Number.isInteger(value) && value >= 0 && value < limit;

const statements = (list: readonly AmlStatement[], depth: number): Bytes =>
  join(list.map((statement) => encodeStatement(statement, depth + 1)));

function encodeStatement(statement: AmlStatement, depth: number): Bytes {
  checkDepth(depth);
  if ('return' in statement) return [Op.return, ...encodeExpression(statement.return, depth)];
  if ('store' in statement) return store(statement.store, target(statement.to), depth);
  if ('notify' in statement)
    return [Op.notify, ...nameString(statement.notify), ...encodeExpression(statement.value, depth)];
  if ('evaluate' in statement) return encodeExpression(statement.evaluate, depth);
  const then = packaged([...encodeExpression(statement.if, depth), ...statements(statement.then, depth)]);
  const otherwise = statement.else ? [Op.else, ...packaged(statements(statement.else, depth))] : [];
  return [Op.if, ...then, ...otherwise];
}

/** Operators store their results themselves. */
function store(expression: AmlExpression, to: Bytes, depth: number): Bytes {
  if (isOperation(expression) && OPERATORS[expression.operator].target)
    return operation(expression.operator, expression.of, depth, to);
  return [Op.store, ...encodeExpression(expression, depth), ...to];
}

const isOperation = (expression: AmlExpression): expression is Extract<AmlExpression, { operator: AmlOperator }> =>
  typeof expression === 'object' && 'operator' in expression;

function checkDepth(depth: number): void {
  if (depth > DEPTH_LIMIT) throw invalid(`A method is nested more than ${DEPTH_LIMIT} deep.`);
}

function target(to: AmlTarget): Bytes {
  if ('path' in to) return nameString(to.path);
  return 'local' in to ? variable(Op.local, to.local, LOCALS) : variable(Op.argument, to.argument, ARGUMENTS);
}

function variable(first: number, index: number, count: number): Bytes {
  if (!isBelow(index, count)) throw invalid(`A method has no variable ${index}: they count from 0 to ${count - 1}.`);
  return [first + index];
}

function encodeExpression(expression: AmlExpression, depth: number): Bytes {
  checkDepth(depth);
  if (isOperation(expression)) return operation(expression.operator, expression.of, depth, [Op.noTarget]);
  if (typeof expression === 'object' && !(expression instanceof Uint8Array)) {
    if ('argument' in expression || 'local' in expression) return target(expression);
    if ('call' in expression) return [...nameString(expression.call), ...operands(expression.with, depth)];
  }
  return encodeValue(expression);
}

const operands = (list: readonly AmlExpression[], depth: number): Bytes =>
  join(list.map((operand) => encodeExpression(operand, depth + 1)));

function operation(name: AmlOperator, of: readonly AmlExpression[], depth: number, to: Bytes): Bytes {
  const operator = OPERATORS[name];
  if (of.length !== operator.operands)
    throw invalid(`The operator ${name} of a method has ${operator.operands} operands, not ${of.length}.`);
  return [operator.code, ...operands(of, depth), ...(operator.target ? to : [])];
}
