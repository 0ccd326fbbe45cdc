import { formatFinding, type Finding, type Severity } from '@qvm/config';
import { sourceExcerpt } from './source-excerpt.js';

/** The findings for some files. */
export interface CheckReport {
  readonly files: readonly string[];
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

const COLOURS: Readonly<Record<Severity, string>> = { error: '\u001b[31m', warning: '\u001b[33m', info: '\u001b[36m' };
const RESET = '\u001b[0m';

/** One line for each finding, with the line of the text and a mark below its column. */
export function asText({ findings }: CheckReport, colours: boolean): readonly string[] {
  return findings.flatMap((finding) => {
    const line = formatFinding(finding);
    const excerpt = sourceExcerpt(finding).map((text) => `    ${text}`);
    if (!colours) return [line, ...excerpt];
    const paint = (text: string): string => `${COLOURS[finding.severity]}${text}${RESET}`;
    return [line.replace(`: ${finding.severity}: `, `: ${paint(finding.severity)}: `), ...excerpt.map(paint)];
  });
}

/** One JSON object. `file` is the first of the files. */
export function asJson({ files, ok, findings }: CheckReport): string {
  return JSON.stringify({ file: files[0], files, ok, findings }, undefined, 2);
}

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

/** Workflow commands of GitHub Actions, which shows them next to the lines of a change. */
export function asGithub({ findings }: CheckReport): readonly string[] {
  return findings.map(({ file, line, column, severity, code, message, hint }) => {
    const place = `file=${property(file)},line=${line},col=${column},title=${property(code)}`;
    return `::${COMMANDS[severity]} ${place}::${data(hint === undefined ? message : `${message}; ${hint}`)}`;
  });
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** The Static Analysis Results Interchange Format, version 2.1.0 (OASIS). */
export function asSarif({ findings }: CheckReport): string {
  const results = findings.map(({ file, line, column, severity, code, message, hint }) => ({
    ruleId: code,
    level: LEVELS[severity],
    message: { text: hint === undefined ? message : `${message}; ${hint}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(file) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  }));
  const rules = [...new Set(findings.map(({ code }) => code))].map((id) => ({ id }));
  const log = { version: '2.1.0', runs: [{ tool: { driver: { name: 'qvm check', rules } }, results }] };
  return JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', ...log }, undefined, 2);
}
