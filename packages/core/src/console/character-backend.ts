/**
 * Size of a terminal in characters.
 *
 * @stable
 */
export interface TerminalSize {
  /** 0 to 65,535; 0 when it is not known. */
  readonly columns: number;
  /** 0 to 65,535; 0 when it is not known. */
  readonly rows: number;
}

/**
 * The host side of a character device (UART, console): passes bytes to and from the host without blocking.
 *
 * @stable
 */
export interface CharacterBackend {
  /**
   * For back ends that open asynchronously: resolves when the back end is usable, rejects with a QvmError `console.*`
   * when it cannot be opened. The VM is not built in that case. Absent: it is usable at once.
   */
  readonly opened?: Promise<void>;
  /** Sends guest output to the host. The array is only valid during the call. */
  write(bytes: Uint8Array): void;
  /**
   * Takes up to `max` bytes of available input; empty when there is none. Other input stays queued, so bytes that
   * arrive before the guest reads are not lost.
   */
  read(max: number): Uint8Array;
  /** Number of bytes ready to be read. */
  readonly available: number;
  /**
   * `listener` runs on the VM's thread whenever new input has become available. One listener; `undefined` removes it.
   */
  onInput(listener: (() => void) | undefined): void;
  /** Size of the terminal at the other end; `undefined` when there is none or its size is unknown. */
  readonly terminalSize?: TerminalSize | undefined;
  /** `listener` runs on the VM's thread whenever `terminalSize` has changed. One listener; `undefined` removes it. */
  onResize?(listener: (() => void) | undefined): void;
  /** Pushes buffered output to the host. */
  flush(): void;
  /** Releases the host's resources. Called once; no reads or writes follow. */
  close(): void;
}
