import type { MemoryShare, MemorySlice, SharedMemoryInfo, SharedMemoryOwner } from '@qvm/core/services';

/**
 * Requests of a VM's thread to the registry's thread, which are answered. All messages can be posted between threads.
 *
 * @experimental
 */
export type SharedMemoryCall =
  | {
      /** Asks for memory of the pool, for the RAM of the VM. */
      readonly kind: 'memory';
      /** Bytes wanted. */
      readonly bytes: number;
    }
  | {
      /** Creates a region and holds it. */
      readonly kind: 'create';
      /** Name of the region. */
      readonly name: string;
      /** Size of the region in bytes, a multiple of 4 KiB. */
      readonly bytes: number;
      /** The VM and vdev that errors and listings name. */
      readonly owner: SharedMemoryOwner;
    }
  | {
      /** Attaches the VM to a region. */
      readonly kind: 'attach';
      /** Name of the region. */
      readonly name: string;
      /** The VM and vdev that errors and listings name. */
      readonly owner: SharedMemoryOwner;
    }
  | {
      /** Lists the regions. */
      readonly kind: 'regions';
    };

/**
 * Messages of a VM's thread to the registry's thread without an answer.
 *
 * @experimental
 */
export type SharedMemoryNote =
  | {
      /** Gives memory of the pool back. */
      readonly kind: 'give';
      /** Offset of the slice in the pool, in bytes. */
      readonly offset: number;
    }
  | {
      /** Ends a hold: the region goes when its last client is gone. */
      readonly kind: 'release';
      /** Number of the hold, from the answer to `create`. */
      readonly hold: number;
    }
  | {
      /** Notifies other clients of the region. */
      readonly kind: 'wake';
      /** Number of the attachment, from the answer to `attach`. */
      readonly attachment: number;
      /** Bit set of the clients to notify, by index. */
      readonly clients: number;
    }
  | {
      /** Ends an attachment. */
      readonly kind: 'detach';
      /** Number of the attachment, from the answer to `attach`. */
      readonly attachment: number;
    };

/**
 * Messages of the registry's thread to a VM's thread.
 *
 * @experimental
 */
export type SharedMemoryEvent =
  | {
      /** A client has notified an attachment of this VM. */
      readonly kind: 'notified';
      /** Number of the attachment. */
      readonly attachment: number;
    }
  | {
      /** A region was created. */
      readonly kind: 'created';
      /** Name of the region. */
      readonly name: string;
    };

/**
 * The answer to a call of each kind.
 *
 * @experimental
 */
export interface SharedMemoryAnswers {
  /** Memory of the pool, with the slice that is now the VM's. */
  readonly memory: MemoryShare;
  /** The region was created. */
  readonly create: {
    /** Number of the hold, for `release`. */
    readonly hold: number;
  };
  /** The VM is attached. */
  readonly attach: {
    /** Number of the attachment, for `wake` and `detach`. */
    readonly attachment: number;
    /** Index of the client at the region, 0 to 15, which notifications use. */
    readonly index: number;
    /** Size of the region in bytes. */
    readonly bytes: number;
    /** Slice of the pool whose first `bytes` bytes are the region. */
    readonly slice: MemorySlice;
    /** The memory of the pool. */
    readonly memory: WebAssembly.Memory;
  };
  /** All regions, oldest first. */
  readonly regions: readonly SharedMemoryInfo[];
}

/**
 * An answer, or the error that the call ended with.
 *
 * @experimental
 */
export type SharedMemoryReply =
  | {
      /** The call succeeded. */
      readonly ok: true;
      /** The answer to a call of its kind. */
      readonly answer: SharedMemoryAnswers[keyof SharedMemoryAnswers];
    }
  | {
      /** The call failed. */
      readonly ok: false;
      /** Stable code of the error (docs/errors.md). */
      readonly code: string;
      /** Message of the error. */
      readonly message: string;
    };

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
