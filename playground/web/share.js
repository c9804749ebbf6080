// The page's state as a fragment of its address, which browsers send nowhere.

/** Longest fragment that is offered as a link. */
const LONGEST = 8000;

/** Headers that may hold a credential, and so are in no link. */
const SECRET = /^(authorization|proxy-authorization|cookie|.*(key|token|secret).*)$/i;

/** The state as a fragment; null where it is too long for a link. */
export async function packed(state) {
  const lines = state.request.headers.split('\n');
  const headers = lines.filter((line) => !SECRET.test(line.split(':')[0].trim())).join('\n');
  const text = JSON.stringify({ ...state, request: { ...state.request, headers } });
  const bytes = await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(text));
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const fragment = btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return fragment.length > LONGEST ? null : fragment;
}

/** The state of a fragment; null where it holds none. */
export async function unpacked(fragment) {
  try {
    const binary = atob(fragment.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const text = await through(new DecompressionStream('deflate-raw'), bytes);
    const state = JSON.parse(new TextDecoder().decode(text));
    const isWhole = typeof state?.configuration === 'string' && typeof state?.request?.body === 'string';
    return isWhole ? state : null;
  } catch {
    return null;
  }
}

async function through(stream, bytes) {
  const passed = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(passed).arrayBuffer());
}
