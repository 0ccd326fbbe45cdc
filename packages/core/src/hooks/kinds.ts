import { closest } from 'fastest-levenshtein';
import { QvmError } from '../errors/qvm-error.js';

/**
 * The kinds of something, by name, each with one sentence that says when it happens.
 *
 * @beta
 */
export type KindDescriptions<K extends string = string> = Readonly<Record<K, string>>;

/**
 * The words of an architecture in the hooks of its vCPUs. A vCPU announces each of them, and no other.
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

/** Refuses a key that is none of `kinds`, and names the nearest. */
export function requireKind(hook: string, key: string, kinds: readonly string[]): void {
  if (kinds.includes(key)) return;
  const hint =
    kinds.length === 0 ? 'There are none.' : `Did you mean "${closest(key, kinds)}"? There are ${kinds.join(', ')}.`;
  throw new QvmError('hook.kind', `${hook} has no kind "${key}". ${hint}`);
}
