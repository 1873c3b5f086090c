// SPDX-License-Identifier: Apache-2.0
// A response parameter named "submit" would hide the form's own method, so the prototype's is called.
HTMLFormElement.prototype.submit.call(document.getElementById("form_post"));
