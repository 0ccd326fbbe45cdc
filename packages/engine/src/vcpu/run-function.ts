/** The generated `run(cpu, budget)`. @experimental */
export type RunFunction = (cpu: number, budget: number) => number;

/**
 * Creates the `run` function of one vCPU: instantiates the interpreter with the slow paths of this vCPU.
 *
 * @experimental
 */
export type InstantiateRun = (imports: { slow(info: number): number; flush(): void }) => {
  /** Runs guest code. */
  readonly run: RunFunction;
  /** Functions of the regions, by number. */
  readonly regions: WebAssembly.Table;
  /** Functions that regions call. */
  readonly core: WebAssembly.ModuleImports;
};
