// A button for each token that copies it; without scripts a tap selects the token.
'use strict';
document.documentElement.classList.add('scripted');
for (const code of document.querySelectorAll('code.token')) {
  const button = document.createElement('button');
  button.textContent = 'copy';
  button.onclick = () => navigator.clipboard?.writeText(code.textContent);
  code.after(' ', button);
}
