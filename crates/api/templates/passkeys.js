// Passkeys: the one thing on these pages that browsers do by script alone. A form with `data-passkey` asks that address
// what to sign, has the browser sign it, and is then sent with the answer like any other form.
'use strict'
{
  const decode = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const key = (id) => ({ type: 'public-key', id: decode(id) })

  async function ask(form) {
    const body = new URLSearchParams(new FormData(form))
    const response = await fetch(form.dataset.passkey, { method: 'POST', body, headers: { Accept: 'application/json' } })
    const said = await response.json().catch(() => ({}))
    if (!response.ok) throw new Error(said.error || (response.status === 429 ? 'Too many tries. Please wait a while.' : ''))
    return said
  }

  async function make({ challenge, rp, user, exclude, algorithms }) {
    const { response } = await navigator.credentials.create({ publicKey: {
      challenge: decode(challenge), rp, user: { ...user, id: decode(user.id) },
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: exclude.map(key), attestation: 'none', timeout: 300000,
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    } })
    return { clientDataJSON: encode(response.clientDataJSON), attestationObject: encode(response.attestationObject) }
  }

  async function show({ challenge, rpId, allow, userVerification }) {
    const { rawId, response } = await navigator.credentials.get({ publicKey: {
      challenge: decode(challenge), rpId, allowCredentials: allow.map(key), userVerification, timeout: 300000,
    } })
    return {
      id: encode(rawId),
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : undefined,
    }
  }

  const SENTENCES = {
    NotAllowedError: 'It was cancelled, or it took too long. You can try again.',
    InvalidStateError: 'This device has a passkey for your account already.',
    NotSupportedError: 'This device cannot make a passkey of a kind we understand.',
  }

  function complain(form, error) {
    const sentence = form.querySelector('[role=alert]')
    const own = error instanceof DOMException ? SENTENCES[error.name] : error.message
    sentence.textContent = own || 'That did not work. Please reload the page and try again.'
    sentence.hidden = false
  }

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    if (!window.PublicKeyCredential) continue
    const button = form.querySelector('button')
    form.hidden = false
    for (const other of document.querySelectorAll('[data-without-passkey]')) other.hidden = true
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      button.disabled = true
      form.querySelector('[role=alert]').hidden = true
      try {
        const said = await ask(form)
        form.elements.credential.value = JSON.stringify(await (said.rp ? make(said) : show(said)))
        form.submit()
      } catch (error) {
        button.disabled = false
        complain(form, error)
      }
    })
  }
}
