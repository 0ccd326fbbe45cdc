/** Gets the requests of a disk done. */
export interface RequestServer {
  /** Requests that the host works on. */
  readonly outstanding: number;
  /** Takes up what there is. */
  serve(): void;
  /** Resolves when the host works on none; there are new ones only when the driver asks. */
  quiesce(): Promise<void>;
  /** Forgets all requests. */
  reset(): void;
  dispose(): void;
}
