const FIELDS = ['repository', 'homepage', 'bugs'];

/**
 * A package's description with where it is developed, from the root's package.json: which is the only source. Fields
 * that the root does not have, no package has.
 *
 * @param name - of the package's folder
 */
export function withAddresses(description, root, name) {
  const others = Object.entries(description).filter(([field]) => !FIELDS.includes(field));
  const at = 1 + others.findIndex(([field]) => field === 'license');
  return Object.fromEntries([...others.slice(0, at), ...addressesOf(root, name), ...others.slice(at)]);
}

/** Differences between a package.json and the root's. */
export function problemsOfAddresses(description, root, name) {
  const wanted = withAddresses(description, root, name);
  return FIELDS.filter((field) => JSON.stringify(description[field]) !== JSON.stringify(wanted[field])).map(
    (field) => `its ${field} is not that of the root's package.json (npm run addresses)`,
  );
}

/** The decisions that are open before packages are published. */
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
