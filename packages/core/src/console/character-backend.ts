/**
 * Size of a terminal in characters.
 *
 * @experimental
 */
export interface TerminalSize {
  /** 0 to 65,535; 0 when it is not known. */
  readonly columns: number;
  readonly rows: number;
}

/**
 * The host half of a character device (UART, console): bytes from and to the world, never blocking.
 *
 * @experimental
 */
export interface CharacterBackend {
  /**
   * For back ends that open asynchronously: resolves when it can be used, rejects with a QvmError of `console.` when it cannot be opened.
   * A VM is not made then. Absent: it can be used at once.
   */
  readonly opened?: Promise<void>;
  /** Sends guest output to the host. The array is only valid during the call. */
  write(bytes: Uint8Array): void;
  /**
   * Takes up to `max` bytes of input that the host has ready; empty when there is none. Input that is not taken stays,
   * so bytes that come before the guest reads are not lost.
   */
  read(max: number): Uint8Array;
  /** Number of bytes ready to be read. */
  readonly available: number;
  /** `listener` runs on the VM's thread whenever new input became available. One listener; `undefined` removes it. */
  onInput(listener: (() => void) | undefined): void;
  /** Size of the terminal at the other end; `undefined` when there is none, or nobody said. */
  readonly terminalSize?: TerminalSize | undefined;
  /** `listener` runs on the VM's thread whenever `terminalSize` has changed. One listener; `undefined` removes it. */
  onResize?(listener: (() => void) | undefined): void;
  /** Pushes buffered output to the host. */
  flush(): void;
  /** Releases the host's side. Once; nothing is written or read afterwards. */
  close(): void;
}
