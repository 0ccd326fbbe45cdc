import type { Json } from '@qvm/core';
import { requireBoolean, requireObject, requireUnsigned, VdevStateError } from '@qvm/core/vdev';
import { FIRST_LEGAL_VECTOR, VECTOR_MASK } from '../message.js';
import { requireBits, requireList, requireThat, requireWords } from '../saved-state.js';
import { SVR_ENABLED, SVR_MASK } from './apic-core.js';
import type { ApicCore } from './apic-core.js';
import { DIVIDE_MASK, hexadecimal64, TimerMode } from './apic-timer.js';
import { ERROR_MASK } from './error-status.js';
import { COMMAND_MASK } from './interrupt-command.js';
import { LVT_ENTRIES, LVT_MASKED, LVT_TIMER_MODE_SHIFT, LvtEntry, lvtDefined } from './local-vector-table.js';

const WORD = 0xffff_ffff;
const SETS = ['irr', 'isr', 'tmr'] as const;
const SET_WORDS = 8;
/** Bits of the first word whose vectors are legal. */
const LEGAL_VECTORS = (WORD << FIRST_LEGAL_VECTOR) >>> 0;
const HEX_64 = /^0x[0-9a-f]{1,16}$/;
const MEMBERS = [
  'base',
  'svr',
  'tpr',
  'errors',
  'logicalId',
  'model',
  'command',
  ...SETS,
  'lvt',
  'pins',
  'timer',
  'requests',
] as const;

/** The state of a local APIC. */
export function saveApic(apic: ApicCore): Json {
  const { priority, lvt } = apic;
  // First, because an expiry that is due changes other parts.
  const timer = apic.timer.save();
  const base = { lo: 0, hi: 0 };
  apic.base.read(base);
  return {
    base: [base.lo, base.hi],
    svr: apic.spuriousVector,
    tpr: priority.tpr,
    errors: [apic.errors.collected, apic.errors.visible],
    logicalId: apic.address.logicalId,
    model: apic.address.model,
    command: [apic.command.low, apic.command.high],
    irr: [...priority.irr.words],
    isr: [...priority.isr.words],
    tmr: [...priority.tmr.words],
    lvt: lvt.values(),
    pins: [lvt.pin(0), lvt.pin(1)],
    timer: { ...timer, deadline: hexadecimal64(timer.deadline) },
    requests: apic.pending.save(),
  };
}

/**
 * Checks what {@link saveApic} gave, and changes nothing.
 *
 * @returns a function that restores it and cannot fail.
 * @throws VdevStateError
 */
export function decodeApic(state: unknown, apic: ApicCore): () => void {
  const saved = requireObject(state, MEMBERS, 'The state of a local APIC');
  const svr = requireBits(saved.svr, SVR_MASK, 'svr');
  const lvt = decodeLvt(saved.lvt, (svr & SVR_ENABLED) !== 0);
  const parts = [
    decodeBase(saved.base, apic),
    decodeNumbers(saved, apic),
    ...SETS.map((name) => decodeSet(saved[name], apic.priority[name].words, name)),
    decodePins(saved.pins, apic, lvt, svr),
    decodeTimer(saved.timer, apic, ((lvt[LvtEntry.Timer] ?? 0) >>> LVT_TIMER_MODE_SHIFT) & 3),
    decodeRequests(saved.requests, apic),
  ];
  return () => {
    for (const load of parts) load();
    apic.refresh(svr);
  };
}

type Saved = Readonly<Record<(typeof MEMBERS)[number], unknown>>;

function decodeBase(value: unknown, apic: ApicCore): () => void {
  const [low = 0, high = 0] = requireWords(value, 2, () => WORD, 'base');
  requireThat(apic.base.isValid(low, high), 'base is no value of IA32_APIC_BASE');
  return () => apic.base.load(low, high);
}

function decodeNumbers(saved: Saved, { address, command, errors, priority }: ApicCore): () => void {
  const tpr = requireUnsigned(saved.tpr, VECTOR_MASK, 'tpr');
  const logicalId = requireUnsigned(saved.logicalId, 0xff, 'logicalId');
  const model = requireUnsigned(saved.model, 0xf, 'model');
  const [low = 0, high = 0] = requireWords(saved.command, 2, (index) => (index === 0 ? COMMAND_MASK : WORD), 'command');
  const [collected = 0, visible = 0] = requireWords(saved.errors, 2, () => ERROR_MASK, 'errors');
  return () => {
    priority.tpr = tpr;
    Object.assign(address, { logicalId, model });
    Object.assign(command, { low, high });
    Object.assign(errors, { collected, visible });
  };
}

function decodeSet(value: unknown, words: Uint32Array, what: string): () => void {
  const saved = requireWords(value, SET_WORDS, (index) => (index === 0 ? LEGAL_VECTORS : WORD), what);
  return () => words.set(saved);
}

function decodeLvt(value: unknown, softwareEnabled: boolean): readonly number[] {
  const values = requireWords(value, LVT_ENTRIES, (entry) => lvtDefined(entry), 'lvt');
  requireThat(softwareEnabled || values.every((entry) => (entry & LVT_MASKED) !== 0), 'lvt is not masked');
  return values;
}

function decodePins(value: unknown, { lvt }: ApicCore, values: readonly number[], svr: number): () => void {
  const [intr, nmi] = requireList(value, 2, 'pins').map((pin, index) => requireBoolean(pin, `pins[${index}]`));
  return () => {
    lvt.softwareEnabled = (svr & SVR_ENABLED) !== 0;
    lvt.load(values, [intr === true, nmi === true]);
  };
}

function decodeTimer(value: unknown, { timer, hasTscDeadline }: ApicCore, mode: number): () => void {
  const saved = requireObject(value, ['divide', 'initial', 'elapsed', 'deadline'], 'timer');
  const divide = requireBits(saved.divide, DIVIDE_MASK, 'timer.divide');
  const initial = requireUnsigned(saved.initial, WORD, 'timer.initial');
  const elapsed = requireElapsed(saved.elapsed);
  if (typeof saved.deadline !== 'string' || !HEX_64.test(saved.deadline)) {
    throw new VdevStateError('timer.deadline is not a hexadecimal number of 64 bits');
  }
  const deadline = BigInt(saved.deadline);
  const counts = mode === Number(TimerMode.OneShot) || mode === Number(TimerMode.Periodic);
  requireThat(elapsed < 0 || (counts && initial > 0), 'timer.elapsed is of a timer that cannot run');
  requireThat(initial === 0 || counts, 'timer.initial is of a timer that does not count');
  requireThat(deadline === 0n || (mode === Number(TimerMode.TscDeadline) && hasTscDeadline), 'timer.deadline is not 0');
  return () => timer.load({ mode, divide, initial, elapsed, deadline });
}

function requireElapsed(value: unknown): number {
  return value === -1 ? -1 : requireUnsigned(value, WORD * 128, 'timer.elapsed');
}

function decodeRequests(value: unknown, { pending, id }: ApicCore): () => void {
  const saved = requireObject(value, ['external', 'nmi', 'init', 'waiting', 'startUp'], 'requests');
  const [external, nmi, init, waiting] = (['external', 'nmi', 'init', 'waiting'] as const).map((name) =>
    requireBoolean(saved[name], `requests.${name}`),
  );
  const startUp = saved.startUp === null ? -1 : requireUnsigned(saved.startUp, VECTOR_MASK, 'requests.startUp');
  requireThat(waiting !== true || id !== 0, 'requests.waiting is of the vCPU that never waits');
  requireThat(startUp < 0 || waiting === true || init === true, 'requests.startUp is of a vCPU that does not wait');
  return () => void Object.assign(pending, { external, nmi, init, waiting, startUp });
}
