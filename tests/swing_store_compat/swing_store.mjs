// The real swing-store's side of the compatibility test.
//
//   node swing_store.mjs run  DIRECTORY SCRIPT...   runs scripts on the store in DIRECTORY (new or not),
//                                                   prints what the operations return
//   node swing_store.mjs read DIRECTORY             prints what the store's interface says is in it
//   node swing_store.mjs rows DIRECTORY             prints every row and every export
//
// `run` and `read` print what swing_store_probe.c prints, line for line.
import '@endo/init';
import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { openSwingStore, makeSwingStoreExporter } from '@agoric/swing-store';

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');
const hex = text => Buffer.from(text, 'utf8').toString('hex');
const print = (...words) => process.stdout.write(`${words.join(' ')}\n`);
const vats = ['v1', 'v2', 'v3', 'v4', 'v5'];
const budgetOf = word => (word === 'all' ? undefined : Number(word));

const bundleOf = (kind, text) => {
  if (kind === 'bundle0') {
    const bundle = { moduleFormat: 'nestedEvaluate', source: text };
    return { id: `b0-${sha256(JSON.stringify(bundle))}`, bundle };
  }
  const endoZipBase64Sha512 = createHash('sha512').update(text).digest('hex');
  const endoZipBase64 = Buffer.from(text, 'utf8').toString('base64');
  const bundle = { moduleFormat: 'endoZipBase64', endoZipBase64, endoZipBase64Sha512 };
  return { id: `b1-${endoZipBase64Sha512}`, bundle };
};

async function* chunks(text) {
  yield Buffer.from(text, 'utf8');
}

const runLine = async ({ kernelStorage, hostStorage }, line) => {
  const { kvStore, transcriptStore, snapStore, bundleStore } = kernelStorage;
  const [op, a = ''] = line.split(' ', 2);
  const rest = line.slice(op.length + 1);
  const last = line.slice(op.length + a.length + 2);
  switch (op) {
    case 'set': return kvStore.set(a, last);
    case 'host': return hostStorage.kvStore.set(a, last);
    case 'delete': return kvStore.delete(a);
    case 'startCrank': return kernelStorage.startCrank();
    case 'savepoint': return kernelStorage.establishCrankSavepoint(a);
    case 'rollback': return kernelStorage.rollbackCrank(a);
    case 'endCrank': return kernelStorage.endCrank();
    case 'commit': return hostStorage.commit();
    case 'emit': {
      const { crankhash, activityhash } = kernelStorage.emitCrankHashes();
      return print('emit', crankhash, activityhash);
    }
    case 'tinit': return transcriptStore.initTranscript(a);
    case 'titem': return transcriptStore.addItem(a, last);
    case 'tspan': return transcriptStore.rolloverSpan(a);
    case 'tinc': return print('tinc', await transcriptStore.rolloverIncarnation(a));
    case 'tstop': return transcriptStore.stopUsingTranscript(a);
    case 'tdel': {
      const { done, cleanups } = transcriptStore.deleteVatTranscripts(a, budgetOf(last));
      return print('tdel', cleanups, done);
    }
    case 'snap': {
      const [position] = last.split(' ', 1);
      const image = last.slice(position.length + 1);
      const { hash, uncompressedSize } = await snapStore.saveSnapshot(
        a,
        Number(position),
        chunks(image),
      );
      return print('snap', hash, uncompressedSize);
    }
    case 'snapstop': return snapStore.stopUsingLastSnapshot(a);
    case 'snapdel': {
      const { done, cleanups } = snapStore.deleteVatSnapshots(a, budgetOf(last));
      return print('snapdel', cleanups, done);
    }
    case 'bundle0':
    case 'bundle1': {
      const { id, bundle } = bundleOf(op, rest);
      bundleStore.addBundle(id, bundle);
      return print(op, id);
    }
    case 'bundledel': return bundleStore.deleteBundle(bundleOf('bundle1', rest).id);
    default: throw Error(`no operation ${op}`);
  }
};

const run = async (directory, scripts) => {
  const store = openSwingStore(directory);
  for (const script of scripts) {
    for (const line of fs.readFileSync(script, 'utf8').split('\n')) {
      if (line && !line.startsWith('#')) await runLine(store, line);
    }
  }
  await store.hostStorage.close();
};

const readVat = async ({ transcriptStore, snapStore }, vat) => {
  let bounds;
  try {
    bounds = transcriptStore.getCurrentSpanBounds(vat);
  } catch (_e) {
    print('span', vat, 'none');
  }
  if (bounds) {
    const { startPos, endPos, incarnation, hash } = bounds;
    print('span', vat, startPos, endPos, incarnation, hash);
    for (const item of transcriptStore.readSpan(vat)) print('item', vat, hex(item));
  }
  const info = snapStore.getSnapshotInfo(vat);
  if (!info) return print('snapshot', vat, 'none');
  const parts = [];
  for await (const part of snapStore.loadSnapshot(vat)) parts.push(part);
  const image = Buffer.concat(parts);
  return print('snapshot', vat, info.snapPos, info.hash, info.uncompressedSize, sha256(image));
};

const read = async directory => {
  const store = openSwingStore(directory);
  const { kvStore, bundleStore } = store.kernelStorage;
  for (let key = kvStore.getNextKey(''); key !== undefined; key = kvStore.getNextKey(key)) {
    print('kv', hex(key), hex(kvStore.get(key)));
  }
  for (const vat of vats) await readVat(store.kernelStorage, vat);
  for (const [kind, text] of [
    ['bundle0', "function () { return 'b0'; }"],
    ['bundle1', 'PK pretend this is a zip'],
    ['bundle1', 'PK and this another one'],
  ]) {
    const { id } = bundleOf(kind, text);
    if (!bundleStore.hasBundle(id)) {
      print('bundle', id, 'none');
    } else {
      const bundle = bundleStore.getBundle(id);
      const bytes =
        kind === 'bundle0' ? JSON.stringify(bundle) : Buffer.from(bundle.endoZipBase64, 'base64');
      print('bundle', id, sha256(bytes));
    }
  }
  await store.hostStorage.close();
};

const rows = async directory => {
  const store = openSwingStore(directory);
  const db = store.debug.getDatabase();
  for (const query of [
    'SELECT * FROM kvStore ORDER BY key',
    'SELECT * FROM transcriptItems ORDER BY vatID, position',
    'SELECT * FROM transcriptSpans ORDER BY vatID, startPos',
    // Compressed bytes and sizes are the compressor's own.
    `SELECT vatID, snapPos, inUse, hash, uncompressedSize, compressedSnapshot IS NULL AS pruned
      FROM snapshots ORDER BY vatID, snapPos`,
    'SELECT bundleID, typeof(bundle) AS type, hex(bundle) AS bundle FROM bundles ORDER BY bundleID',
    'SELECT * FROM pendingExports',
  ]) {
    for (const row of db.prepare(query).all()) print(JSON.stringify(row));
  }
  await store.hostStorage.close();
  const exporter = makeSwingStoreExporter(directory, { artifactMode: 'operational' });
  for await (const record of exporter.getExportData()) print('export', JSON.stringify(record));
  for await (const name of exporter.getArtifactNames()) {
    const parts = [];
    for await (const part of exporter.getArtifact(name)) parts.push(part);
    print('artifact', name, sha256(Buffer.concat(parts)));
  }
  await exporter.close();
};

const [verb, directory, ...scripts] = process.argv.slice(2);
await { run, read, rows }[verb](directory, scripts);
