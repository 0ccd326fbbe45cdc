import { readFileSync } from 'node:fs';

/** The static imports from elsewhere of a module and of the modules of this package that it imports. */
function imports(url: URL, seen: Set<string>): readonly string[] {
  if (seen.has(url.href)) return [];
  seen.add(url.href);
  const found = readFileSync(url, 'utf8').matchAll(/^(?:import|export)\b(?:[^'";]*\bfrom)? ?['"]([^'"]+)['"];$/gm);
  return [...found].flatMap(([, specifier = '']) =>
    specifier.startsWith('.') ? imports(new URL(specifier, url), seen) : [specifier],
  );
}

it('help and completion load nothing of qvm but the command line', () => {
  const seen = new Set<string>();
  const found = new Set(imports(new URL('./main.js', import.meta.url), seen));
  expect(seen.size).toBeGreaterThan(5);
  expect([...found].filter((name) => name.startsWith('@qvm/'))).toEqual([]);
});
