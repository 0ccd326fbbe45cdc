const FIELDS = ['repository', 'homepage', 'bugs'];

/**
 * A package's description with where it is developed, from the root's package.json: the only place where that is decided. What the
 * root does not say, no package says.
 *
 * @param name - of the package's folder
 */
export function withAddresses(description, root, name) {
  const others = Object.entries(description).filter(([field]) => !FIELDS.includes(field));
  const at = 1 + others.findIndex(([field]) => field === 'license');
  return Object.fromEntries([...others.slice(0, at), ...addressesOf(root, name), ...others.slice(at)]);
}

/** What a package.json says differs from what the root's does. */
export function problemsOfAddresses(description, root, name) {
  const wanted = withAddresses(description, root, name);
  return FIELDS.filter((field) => JSON.stringify(description[field]) !== JSON.stringify(wanted[field])).map(
    (field) => `its ${field} is not that of the root's package.json (npm run addresses)`,
  );
}

/** What must be decided before packages are published. */
export function unknownAddresses(root) {
  return FIELDS.filter((field) => root[field] === undefined).map(
    (field) => `package.json has no ${field}: packages say there where they are developed; then npm run addresses`,
  );
}

function addressesOf(root, name) {
  return FIELDS.filter((field) => root[field] !== undefined).map((field) => [
    field,
    field === 'repository' ? { ...root.repository, directory: `packages/${name}` } : root[field],
  ]);
}
