// The databases that replays leave behind, in the hands of the real swing-store.
//
//   node kept_databases.mjs DIRECTORY MANIFEST.tsv
//
// DIRECTORY/NAME/swingstore.sqlite must be there for each row of the manifest, hold what an export of it
// needs, and have the row's activityhash. The items of each transcript span are added once more, to a store
// in memory: the span's hash must be what that store makes of them. Prints what does not hold.
import '@endo/init';
import fs from 'node:fs';
import { initSwingStore, makeSwingStoreExporter, openSwingStore } from '@agoric/swing-store';

const [directory, manifest] = process.argv.slice(2);
const scratch = initSwingStore().kernelStorage.transcriptStore;
const counts = { databases: 0, spans: 0, items: 0 };
let problems = 0;

const expect = (where, what, got, expected) => {
  if (got === expected) return;
  problems += 1;
  console.log(`${where}: ${what} ${got}, expected ${expected}`);
};

const hashOf = items => {
  counts.spans += 1;
  const vat = `v${counts.spans}`;
  scratch.initTranscript(vat);
  for (const item of items) {
    scratch.addItem(vat, item);
    counts.items += 1;
  }
  return scratch.getCurrentSpanBounds(vat).hash;
};

const checkSpans = (name, { kernelStorage: { transcriptStore }, debug }) => {
  const spans = debug.getDatabase().prepare('SELECT * FROM transcriptSpans').all();
  for (const { vatID, startPos, hash, isCurrent } of spans) {
    const where = `${name}: span of ${vatID} from ${startPos}`;
    expect(where, 'hash', hash, hashOf(transcriptStore.readSpan(vatID, startPos)));
    if (isCurrent) expect(where, 'current hash', transcriptStore.getCurrentSpanBounds(vatID).hash, hash);
  }
};

const check = async (name, activityhash) => {
  const path = `${directory}/${name}`;
  const store = openSwingStore(path);
  counts.databases += 1;
  expect(name, 'activityhash', store.kernelStorage.kvStore.get('activityhash'), activityhash);
  checkSpans(name, store);
  await store.hostStorage.close();
  // Throws if something is missing.
  await makeSwingStoreExporter(path, { artifactMode: 'operational' }).close();
};

const [header, ...rows] = fs.readFileSync(manifest, 'utf8').trimEnd().split('\n');
const column = header.split('\t').indexOf('activityhash');
for (const row of rows) {
  const cells = row.split('\t');
  const name = cells[0].replace(/^.*\//, '').replace(/\.jsonl.*$/, '');
  try {
    await check(name, cells[column]);
  } catch (error) {
    problems += 1;
    console.log(`${name}: ${error.message}`);
  }
}
console.log(`${counts.databases} databases, ${counts.spans} spans of ${counts.items} items`);
process.exitCode = problems || !counts.items ? 1 : 0;
