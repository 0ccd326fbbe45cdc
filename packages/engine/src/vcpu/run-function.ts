/** The generated `run(cpu, budget)`. @experimental */
export type RunFunction = (cpu: number, budget: number) => number;

/** The functions of the engine that generated code calls. @experimental */
export interface SlowPaths {
  /** See `MemoryPort.open`. */
  slow(info: number): number;
  /** See `MemoryPort.flush`. */
  flush(): void;
  /** See `Builder.callEngine`. @param left - instructions left of the budget. */
  call(left: number, request: number): number;
}

/**
 * Creates the `run` function of one vCPU: instantiates the interpreter with the slow paths of this vCPU.
 *
 * @experimental
 */
export type InstantiateRun = (slowPaths: SlowPaths) => {
  /** Runs guest code. */
  readonly run: RunFunction;
  /** Functions of the regions, by number. */
  readonly regions: WebAssembly.Table;
  /** Functions that regions call. */
  readonly core: WebAssembly.ModuleImports;
};
