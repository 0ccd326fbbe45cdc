import { ConfigError, type Finding } from '@qvm/config';

/** Runs checks one after the other and collects their findings, so that one run reports everything. */
export class Findings {
  readonly #list: Finding[] = [];
  #failed = false;

  get all(): readonly Finding[] {
    return this.#list;
  }

  add(...findings: readonly Finding[]): void {
    this.#list.push(...findings);
    this.#failed ||= findings.some(({ severity }) => severity === 'error');
  }

  /** Whether there is an error among the findings. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The result of `check`, or `undefined` if it threw a {@link ConfigError}, whose findings are collected. */
  async attempt<T>(check: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.add(...error.findings);
      return undefined;
    }
  }

  /** @throws ConfigError when there is an error among the findings. */
  throwIfFailed(): void {
    if (this.#failed) throw new ConfigError(this.#list);
  }
}
