import { closest } from 'fastest-levenshtein';
import { QvmError } from '../errors/qvm-error.js';

/**
 * Kinds of events by name, each with one sentence that says when it occurs.
 *
 * @beta
 */
export type KindDescriptions<K extends string = string> = Readonly<Record<K, string>>;

/**
 * The kinds and causes that the hooks of an architecture's vCPUs have. A vCPU announces each of them, and no others.
 *
 * @beta
 */
export interface HookKinds<
  Trap extends string = string,
  Exit extends string = string,
  Interrupt extends string = string,
> {
  /** Keys of `VcpuHooks.trap`. */
  readonly trap: KindDescriptions<Trap>;
  /** Causes of `VcpuHooks.guestExit` and `VcpuHooks.guestEntrance`. */
  readonly guestExit: KindDescriptions<Exit>;
  /** Kinds of `VcpuHooks.interruptTaken`. */
  readonly interruptTaken: KindDescriptions<Interrupt>;
}

/** Throws for a key that is not in `kinds`, and suggests the nearest. */
export function requireKind(hook: string, key: string, kinds: readonly string[]): void {
  if (kinds.includes(key)) return;
  const hint =
    kinds.length === 0 ? 'There are none.' : `Did you mean "${closest(key, kinds)}"? There are ${kinds.join(', ')}.`;
  throw new QvmError('hook.kind', `${hook} has no kind "${key}". ${hint}`);
}
