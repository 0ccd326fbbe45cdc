/** Fields of the first paragraph of a Debian control file, keys in lower case, continuation lines joined (deb822(5)). */
export function parseControl(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let key: string | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      if (fields.size > 0) break;
      continue;
    }
    if (/^[ \t]/.test(line)) {
      if (key !== undefined) fields.set(key, `${fields.get(key) ?? ''}\n${line.slice(1)}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    key = line.slice(0, colon).toLowerCase();
    fields.set(key, line.slice(colon + 1).trim());
  }
  return fields;
}

/** The package names of a `Depends` field, alternatives and versions left out (Debian Policy 7.1). */
export function dependencyNames(depends: string): string[] {
  return depends
    .split(',')
    .map((group) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(group)?.[1])
    .filter((name) => name !== undefined);
}
