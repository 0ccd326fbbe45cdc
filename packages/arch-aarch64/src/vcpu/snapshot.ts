import type { Json } from '@qvm/core';
import { requireBoolean, requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';
import { EVENT_COUNTERS, State, SYSTEM_REGISTERS } from '@qvm/isa-aarch64';
import type { SystemRegister } from '@qvm/isa-aarch64';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import type { DebugUnit } from './debug-unit.js';
import { Spsr } from './exceptions.js';
import type { ExceptionUnit } from './exceptions.js';
import type { StepIss } from './software-step.js';
import type { SystemAccess } from './system-access.js';
import type { WaitUnit } from './wait-unit.js';

/** Version of the format of {@link saveProcessor}. Adding or removing a register requires a new version. */
export const SNAPSHOT_VERSION = 2;

/** The parts of a vCPU that hold guest-visible state. */
export interface SavedParts {
  /** Name of the CPU model. It determines the identification registers, which are not saved. */
  readonly model: string;
  readonly state: Aarch64State;
  readonly exceptions: ExceptionUnit;
  readonly system: SystemAccess;
  readonly debug: DebugUnit;
  readonly waits: WaitUnit;
  /** Virtual address of the next instruction. */
  pc: bigint;
  /** Syndrome of a completed software step that has not been reported. */
  stepped: StepIss | undefined;
}

const GENERAL = Array.from({ length: 31 }, (_, n) => `x${n}`);
const VECTORS = Array.from({ length: 32 }, (_, n) => `v${n}`);
const DAIF = Spsr.D | Spsr.A | Spsr.I | Spsr.F;
const EL_SHIFT = 2;
const CLAIM_LIMIT = 0xff;
const MONITOR_OPEN = 0xffff_ffff_ffff_ffffn;

/** Writable system registers with storage, stack pointers included. All others belong to the CPU model. */
const STORED = SYSTEM_REGISTERS.filter(
  ({ name, kind, el1 }) =>
    ((kind === 'plain' || kind === 'checked') && (el1.includes('w') || name === 'SP_EL1')) || name === 'SP_EL0',
);
/**
 * Performance monitors in the order of restoring: the counters last, because the control registers determine whether
 * they count.
 */
const EVENT_NUMBERS = Array.from({ length: EVENT_COUNTERS }, (_, n) => n);
const PERFORMANCE = [
  'PMSELR_EL0',
  'PMCCFILTR_EL0',
  'PMUSERENR_EL0',
  ...EVENT_NUMBERS.map((n) => `PMEVTYPER${n}_EL0`),
  'PMINTENSET_EL1',
  'PMOVSSET_EL0',
  'PMCNTENSET_EL0',
  'PMCR_EL0',
  'PMCCNTR_EL0',
  ...EVENT_NUMBERS.map((n) => `PMEVCNTR${n}_EL0`),
];
const NAMES = [...GENERAL, 'pc', 'pstate', 'fpcr', 'fpsr', ...VECTORS, ...STORED.map(nameOf), ...PERFORMANCE];
const KEYS = ['model', 'registers', 'monitor', 'event', 'stepped', 'debug'] as const;
const MONITOR_KEYS = ['address', 'value', 'valueHigh'] as const;

function nameOf({ name }: SystemRegister): string {
  return name;
}

/** The state of a vCPU: registers by name, as hexadecimal text. Flags are packed in PSTATE. */
export function saveProcessor(parts: SavedParts): Json {
  const { state, debug, waits } = parts;
  const values = [
    ...GENERAL.map((_, n) => state.x(n)),
    ...[parts.pc, BigInt(parts.exceptions.pstate()), BigInt(state.u32(State.fpcr)), BigInt(state.u32(State.fpsr))],
    ...VECTORS.map((_, n) => vector(state, n)),
    ...STORED.map(({ offset }) => state.u64(offset === stackInUse(state) ? State.sp : offset)),
    ...PERFORMANCE.map((name) => parts.system.special(name)),
  ];
  return {
    model: parts.model,
    registers: Object.fromEntries(NAMES.map((name, i) => [name, text(values[i] as bigint)])),
    monitor: monitor(state),
    event: waits.event,
    stepped: parts.stepped ?? null,
    debug: { ...debug.save() },
  };
}

/**
 * Checks the result of {@link saveProcessor}.
 *
 * @returns a function that restores the state, in a vCPU that was just reset and whose RAM is restored.
 * @throws VdevStateError
 */
export function parseProcessor(saved: unknown, parts: SavedParts): () => void {
  const fields = requireObject(saved, KEYS, 'processor');
  if (fields.model !== parts.model)
    throw new VdevStateError(`it is of the CPU model ${String(fields.model)}, the vCPU of ${parts.model}`);
  const texts = requireObject(fields.registers, NAMES, 'registers');
  const registers = new Map(NAMES.map((name) => [name, value(texts[name], name.startsWith('v') ? 128 : 64, name)]));
  const open = { address: text(MONITOR_OPEN), value: '0x0', valueHigh: '0x0' };
  const seen = requireObject(fields.monitor ?? open, MONITOR_KEYS, 'monitor');
  const [address, low, high] = MONITOR_KEYS.map((key) => value(seen[key], 64, `monitor.${key}`)) as [
    ...[bigint, bigint, bigint],
  ];
  const event = requireBoolean(fields.event, 'event');
  const stepped = fields.stepped === null ? undefined : requireUnsigned(fields.stepped, 0xffff_ffff, 'stepped');
  const debug = requireObject(fields.debug, ['osLock', 'claim'], 'debug');
  const debugState = {
    osLock: requireBoolean(debug.osLock, 'debug.osLock'),
    claim: requireUnsigned(debug.claim, CLAIM_LIMIT, 'debug.claim'),
  };
  const pstate = Number(BigInt.asUintN(32, registers.get('pstate') as bigint));
  if (((pstate >>> EL_SHIFT) & 3) > 1) throw new VdevStateError('pstate is of an exception level that there is not');
  return () => {
    const { state } = parts;
    takeRegisters(registers, parts);
    takePstate(pstate, parts);
    state.setU64(State.monitorAddress, address);
    state.setU64(State.monitorValue, low);
    state.setU64(State.monitorValueHigh, high);
    parts.waits.event = event;
    parts.debug.restore(debugState);
    parts.exceptions.controls.refresh();
    parts.pc = registers.get('pc') as bigint;
    parts.stepped = stepped;
  };
}

function takeRegisters(registers: ReadonlyMap<string, bigint>, { state, system }: SavedParts): void {
  const get = (name: string): bigint => registers.get(name) ?? 0n;
  GENERAL.forEach((name, n) => state.setX(n, get(name)));
  VECTORS.forEach((name, n) => {
    state.setU64(State.v + n * 16, BigInt.asUintN(64, get(name)));
    state.setU64(State.v + n * 16 + 8, get(name) >> 64n);
  });
  state.setU32(State.fpcr, Number(BigInt.asUintN(32, get('fpcr'))));
  state.setU32(State.fpsr, Number(BigInt.asUintN(32, get('fpsr'))));
  for (const { name, offset } of STORED) state.setU64(offset, get(name));
  for (const name of PERFORMANCE) system.setSpecial(name, get(name));
}

function takePstate(pstate: number, { state, exceptions }: SavedParts): void {
  state.nzcv = pstate >>> 28;
  state.setU32(State.daif, pstate & DAIF);
  state.setU32(State.el, (pstate >>> EL_SHIFT) & 3);
  state.setU32(State.spsel, pstate & Spsr.SP);
  state.copy64(stackInUse(state), State.sp);
  exceptions.illegal = (pstate & Spsr.IL) !== 0;
  exceptions.softwareStep = (pstate & Spsr.SS) !== 0;
}

/** Storage of the stack pointer in use. Its value is in SP. */
function stackInUse(state: Aarch64State): number {
  return state.el === 0 || state.u32(State.spsel) === 0 ? Sys.SP_EL0 : Sys.SP_EL1;
}

function vector(state: Aarch64State, n: number): bigint {
  return (state.u64(State.v + n * 16 + 8) << 64n) | state.u64(State.v + n * 16);
}

function monitor(state: Aarch64State): Json {
  const address = state.u64(State.monitorAddress);
  if (address === MONITOR_OPEN) return null;
  const [low, high] = [state.u64(State.monitorValue), state.u64(State.monitorValueHigh)];
  return { address: text(address), value: text(low), valueHigh: text(high) };
}

const text = (register: bigint): string => `0x${register.toString(16)}`;

function value(saved: unknown, bits: number, what: string): bigint {
  if (typeof saved !== 'string' || !/^0x[0-9a-f]{1,32}$/.test(saved) || saved.length > 2 + bits / 4)
    throw new VdevStateError(`${what} is not a hexadecimal number of ${bits} bits`);
  return BigInt(saved);
}
