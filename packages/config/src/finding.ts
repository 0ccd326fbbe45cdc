import type { ConfigCode } from './codes.js';
import { MAX_FINDINGS } from './limits.js';
import type { SourceLocation } from './location.js';

/**
 * Severity of a finding: an error prevents the VM from being built, a warning reports something that is probably not
 * intended, and a note reports something useful to know.
 * @experimental
 */
export type Severity = 'error' | 'warning' | 'info';

/** One problem at one location. `code` is stable; `message` and `hint` are for users. @experimental */
export interface Finding extends SourceLocation {
  /** Stable identifier: a key of {@link CONFIG_CODES}, or one that begins with `lint.`, `file.` or `convert.`. */
  readonly code: string;
  /** Only an error prevents the VM from being built. */
  readonly severity: Severity;
  /** A clause for people, without the place and without a full stop. */
  readonly message: string;
  /** A correct form, or a remedy. */
  readonly hint?: string;
}

/** `file:line:column: error: message; hint`, the form that editors and terminals recognise. @experimental */
export function formatFinding(finding: Finding): string {
  const { file, line, column, severity, message, hint } = finding;
  return `${file}:${line}:${column}: ${severity}: ${message}${hint === undefined ? '' : `; ${hint}`}`;
}

/** Makes a finding at a location. @experimental */
export function findingAt(
  at: SourceLocation,
  severity: Severity,
  code: string,
  message: string,
  hint?: string,
): Finding {
  const { file, line, column } = at;
  return { code, severity, file, line, column, message, ...(hint === undefined ? {} : { hint }) };
}

/**
 * Thrown for a configuration that cannot be used. `findings` has all findings, warnings included, in the order of the
 * text; `code` is that of the first error; `message` has one line for each finding.
 * @experimental
 */
export class ConfigError extends Error {
  /** Always `ConfigError`, also in a minified program. */
  override readonly name = 'ConfigError';
  /** The code of the first error among the findings. */
  readonly code: string;
  /** All findings, in the order of the text; at least one is an error. */
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(findings.map(formatFinding).join('\n'));
    this.findings = findings;
    this.code = (findings.find((finding) => finding.severity === 'error') ?? findings[0])?.code ?? 'config.unknown';
  }
}

const placeOf = (at: SourceLocation): string => `${at.line}:${at.column}`;
const byPlace = (a: Finding, b: Finding): number => a.line - b.line || a.column - b.column;

/**
 * Collects findings up to a limit, separately for errors and warnings, so that neither displaces the other. After a
 * syntax error at a location, other problems at that location are consequences and are dropped.
 */
export class FindingList {
  private readonly found: Record<Severity, Finding[]> = { error: [], warning: [], info: [] };
  private readonly malformed = new Set<string>();

  /** Whether further errors are dropped; loops over hostile input stop then. */
  get full(): boolean {
    return this.found.error.length >= MAX_FINDINGS;
  }

  get hasErrors(): boolean {
    return this.found.error.length > 0;
  }

  error(at: SourceLocation, code: ConfigCode, message: string, hint?: string): void {
    this.add(findingAt(at, 'error', code, message, hint));
  }

  warning(at: SourceLocation, code: ConfigCode, message: string, hint?: string): void {
    this.add(findingAt(at, 'warning', code, message, hint));
  }

  info(at: SourceLocation, code: ConfigCode, message: string, hint?: string): void {
    this.add(findingAt(at, 'info', code, message, hint));
  }

  /** All findings, in the order of the text. */
  sorted(): Finding[] {
    const { error, warning, info } = this.found;
    return [...error, ...warning, ...info].sort(byPlace);
  }

  private add(finding: Finding): void {
    const place = placeOf(finding);
    if (this.malformed.has(place)) return;
    if (finding.code === 'config.syntax') this.malformed.add(place);
    const { severity } = finding;
    const list = this.found[severity];
    if (list.length < MAX_FINDINGS - 1) list.push(finding);
    else if (list.length < MAX_FINDINGS) {
      const message = `more than ${MAX_FINDINGS - 1} findings of this kind (${severity}); the rest is not listed`;
      list.push(findingAt(finding, severity, 'config.too-many', message));
    }
  }
}
