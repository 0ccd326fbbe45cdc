import { matchesGlob } from './glob.js';

/**
 * Which regions a guest may create or attach to: those that the configuration creates always; else what a `deny` pattern
 * fits is refused, and what no `allow` pattern fits is refused if there is any.
 */
export class Permissions {
  constructor(
    private readonly created: readonly string[],
    private readonly allow: readonly string[],
    private readonly deny: readonly string[],
  ) {}

  permits(name: string): boolean {
    const fits = (pattern: string): boolean => matchesGlob(name, pattern);
    if (this.created.includes(name)) return true;
    return !this.deny.some(fits) && (this.allow.length === 0 || this.allow.some(fits));
  }
}
