// npm run build: installs what is missing, compiles and bundles every package. Then "npx qvm" works from the root.
import { build } from './lib/build.mjs';
import { main } from './lib/failure.mjs';

await main(build);
