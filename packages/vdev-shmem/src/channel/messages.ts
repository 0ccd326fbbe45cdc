import type { MemoryShare, MemorySlice, SharedMemoryInfo, SharedMemoryOwner } from '@qvm/core/services';

/**
 * What a VM's thread asks the registry's thread, and waits for. All messages can be posted between threads.
 *
 * @experimental
 */
export type SharedMemoryCall =
  | { readonly kind: 'memory'; readonly bytes: number }
  | { readonly kind: 'create'; readonly name: string; readonly bytes: number; readonly owner: SharedMemoryOwner }
  | { readonly kind: 'attach'; readonly name: string; readonly owner: SharedMemoryOwner }
  | { readonly kind: 'regions' };

/**
 * What a VM's thread tells the registry's thread.
 *
 * @experimental
 */
export type SharedMemoryNote =
  | { readonly kind: 'give'; readonly offset: number }
  | { readonly kind: 'release'; readonly hold: number }
  | { readonly kind: 'wake'; readonly attachment: number; readonly clients: number }
  | { readonly kind: 'detach'; readonly attachment: number };

/**
 * What the registry's thread tells a VM's thread.
 *
 * @experimental
 */
export type SharedMemoryEvent =
  { readonly kind: 'notified'; readonly attachment: number } | { readonly kind: 'created'; readonly name: string };

/**
 * The answer to a call of each kind.
 *
 * @experimental
 */
export interface SharedMemoryAnswers {
  readonly memory: MemoryShare;
  readonly create: { readonly hold: number };
  readonly attach: {
    readonly attachment: number;
    readonly index: number;
    readonly bytes: number;
    readonly slice: MemorySlice;
    readonly memory: WebAssembly.Memory;
  };
  readonly regions: readonly SharedMemoryInfo[];
}

/**
 * An answer, or the error that the call ended with.
 *
 * @experimental
 */
export type SharedMemoryReply =
  | { readonly ok: true; readonly answer: SharedMemoryAnswers[keyof SharedMemoryAnswers] }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * The end of a VM's thread. A host carries it over whatever joins the threads; order is kept among calls and notes.
 *
 * @experimental
 */
export interface SharedMemoryChannel {
  /** Sends a call and waits for its reply, without turning the event loop. */
  call(call: SharedMemoryCall): SharedMemoryReply;
  /** Tells the other side, and waits for nothing. */
  note(note: SharedMemoryNote): void;
  /** Sets who gets the events, on this thread's event loop. */
  onEvent(listener: (event: SharedMemoryEvent) => void): void;
}
