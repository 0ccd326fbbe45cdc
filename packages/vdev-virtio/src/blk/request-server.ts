/** Executes the requests of a disk. */
export interface RequestServer {
  /** Number of requests that the host works on. */
  readonly outstanding: number;
  /** Starts on the available requests. */
  serve(): void;
  /** Resolves when the host works on no request; new ones follow only after a kick of the driver. */
  quiesce(): Promise<void>;
  /** Discards all requests. */
  reset(): void;
  dispose(): void;
}
