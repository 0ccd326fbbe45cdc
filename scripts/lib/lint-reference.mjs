const HEAD = `# What \`qvm check\` looks for

<!-- Written by npm run docs:lint from packages/config/src/lint/rules. -->

Beside what is wrong with the text of a configuration ([qvmconf.md](qvmconf.md#findings)) and with its devices and files
([errors.md](errors.md)), \`qvm check\` looks for what the language allows and is most likely not meant: in each VM, and between
all VMs of the files on its command line. An **error** keeps a VM from starting or destroys data, a **warning** is most likely a
mistake, an **info** is worth knowing. Errors make the exit code 65.

`;

/** The reference of the linter's rules, as Markdown. */
export async function lintReference() {
  const { LINT_RULES } = await import('@qvm/config');
  const rows = LINT_RULES.map(
    (rule) => `| [\`${rule.code}\`](#${anchor(rule)}) | ${rule.severity} | ${rule.summary} |`,
  );
  const table = `| Code | Severity | Finding |\n|---|---|---|\n${rows.join('\n')}\n`;
  return `${HEAD}${table}\n${LINT_RULES.map(section).join('\n')}`;
}

function anchor({ code }) {
  return code.replaceAll('.', '');
}

function section({ code, severity, summary, description, bad, good }) {
  const texts = `${summary} ${description}`;
  return `## \`${code}\`\n\n*${severity}.* ${texts}\n\nFound in:\n\n${example(bad)}\nRight:\n\n${example(good)}`;
}

/** One block for each file. */
function example({ texts }) {
  return texts.map((text) => `\`\`\`sh\n${text}\n\`\`\`\n`).join('\n');
}
