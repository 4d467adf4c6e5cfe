"""The one table from error codes to what a person reads: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.scene_sentences import SCENE_SENTENCES

SENTENCES = {
    **SCENE_SENTENCES,
    "not_found": _("We could not find that. It may have been removed, or it belongs to another workspace."),
    "page_not_found": _("There is no page at this address. Check it for typing errors, or go back to the start."),
    "session_changed": _(
        "Your session changed after this page was opened, perhaps because you signed in or out in another tab. "
        "What you typed is still there when you go back: copy long texts, reload that page and send it again."
    ),
    "signed_out": _("You are signed out. Sign in again and go on where you were."),
    "wrong_method": _("This address only takes what a button sends. Go back and use the button on the page."),
    "bad_request": _("We could not read that request. Go back, reload the page and try again."),
    "database_away": _("We can not reach our database right now. Nothing is lost; try again in a moment."),
    "disk_full": _("The disk of this site is full. Nothing is lost; ask whoever runs it to make room, then try again."),
    "cache_away": _("A part of this site does not answer right now. Nothing is lost; try again in a moment."),
    "not_allowed": _("Your role in this workspace does not allow that. Ask an admin of the workspace."),
    "studio.no_cutout_yet": _("The cutout is not ready yet. Wait a moment, or draw a box around the product."),
    "studio.box_unreadable": _("That box could not be read. Draw it again around the product."),
    "studio.name_missing": _("A product needs a name. Type one and save again."),
    "studio.preview_failed": _("The preview could not be made. Reload the page in half a minute."),
    "studio.name_too_long": _("A name has at most 120 characters and a SKU at most 64. Shorten it and save again."),
    "studio.not_a_photo": _("Products are made from photos. Choose a photo."),
    "studio.nothing_chosen": _("Choose at least one set, one palette and one format."),
    "studio.too_many_shots": _(
        "That would be %(count)s shots; one go makes at most %(most)s. Take some sets, palettes or formats away."
    ),
    "studio.set_unknown": _("There is no set called “%(name)s” any more. Reload the page and choose another one."),
    "studio.format_unknown": _("There is no picture format called “%(name)s”. Reload the page and choose another one."),
    "studio.palette_unreadable": _(
        "“%(text)s” is not a palette. Write colours like #1b4d3e, separated by commas, six at most."
    ),
    "studio.sample_unknown": _("There is no sample called “%(name)s”. Reload the page and choose another one."),
    "studio.shot_not_ready": _("This shot is not finished yet. Wait until its picture appears."),
    "studio.shot_not_retryable": _("This shot can not be made again. Start a new shoot from the product's page."),
    "studio.edit_unreadable": _("That edit could not be read. Reload the page and try again."),
    "studio.best_count": _("Choose 2 to %(most)s variations to compare."),
    "studio.no_products": _("Choose at least one product."),
    "studio.too_many_in_batch": _("That would be %(count)s shots; one batch makes at most %(most)s. Choose fewer."),
    "studio.too_many_products": _("Those are %(count)s products; one go takes at most %(most)s. Take some away."),
    "studio.scale_out_of_range": _("A product's own size is %(low)s to %(high)s times the usual one."),
    "studio.too_many_versions": _("This shot has %(most)s versions already. Make a new shot and edit that one."),
    "studio.kind_unknown": _("There is no kind of product called “%(name)s”. Reload the page and choose another one."),
    "studio.viewpoint_unknown": _("Say “from the side” or “from above”. Reload the page and try again."),
    "studio.verdict_unknown": _("That verdict could not be read. Reload the page and try again."),
    "studio.download_unknown": _("There is no download called “%(name)s”. Choose PNG, JPEG or WebP."),
    "studio.nothing_to_download": _("No finished shot matches. Wait for the shots, or choose “All”."),
    "studio.id_unreadable": _("That selection could not be read. Reload the page and try again."),
    "shot.gate_failed": _(
        "This shot was thrown away because it would have altered the product. Try again, or choose another set."
    ),
    "shot.unknown_set": _("That set is not here any more. Start a new shoot and choose another one."),
    "shot.bad_colour": _("A colour of the palette could not be read. Write colours like #1b4d3e."),
    "shot.too_many_colours": _("That palette has more colours than the set can take. Leave some away."),
    "shot.empty_cutout": _("The cutout is empty. Draw a box around the product and make the shots again."),
    "shot.edit_out_of_range": _("One of the controls stands outside its range. Reset it and try again."),
    "shot.unknown_edit": _("This page is older than the server and asks for an edit that is not there. Reload it."),
    "shot.set_has_no_mirror": _("This set has a left and a right and can not be mirrored. Turn the mirror off."),
    "shot.companion_covers": _("One product hides half of the other or more. Move them apart, or make one smaller."),
    "shot.companion_missing": _("The second product of this shot is not here any more. Take it out and save again."),
    "shot.colour_change_too_large": _(
        "That would change the product's colour by ΔE %(delta_e)s; the most is %(most)s. "
        "Move exposure and white balance back."
    ),
    "shot.lock_does_not_fit": _(
        "The set of this look was renewed, and its frame is not there any more. Open the first shot, save it once "
        "more, and apply its look again."
    ),
    "shot.unknown_camera": _("That set has no such camera any more. Choose another one."),
    "shot.unknown_mood": _("That set has no such light any more. Choose another one."),
    "shot.bad_scale": _("The product would be far too small or too large. Choose a size nearer to the usual one."),
    "shot.offset_outside": _("The product would lie outside the picture. Move it back in."),
    "shot.plates_damaged": _("The files of this set are damaged. Tell whoever runs this server to install them again."),
    "studio.nothing_deletable": _(
        "None of these shots can be deleted: they are part of an export, or are being made. Cancel what runs first."
    ),
    "export.no_profile": _("Choose at least one marketplace profile."),
    "export.profile_unknown": _(
        "There is no profile called “%(name)s” any more. Reload the page and choose another one."
    ),
    "export.nothing_chosen": _("Choose shots or a product first: open a shoot or a product, and export from there."),
    "export.nothing_to_export": _(
        "Nothing fits these profiles yet. White main images need a cutout, the others a finished shot."
    ),
    "export.too_many_files": _(
        "That would be %(count)s files; one export makes at most %(most)s. Choose fewer profiles."
    ),
    "export.token_unknown": _("There is no token {%(name)s}. There are: %(known)s."),
    "export.template_unusable": _(
        "That pattern can not be used. Write at most %(most)s characters, close each brace, make three folders at most."
    ),
    "export.nothing_written": _("Nothing is written yet. Wait for the first file to be checked."),
    "export.file_lost": _("This file was written, but the storage has lost it. Export it again."),
    "export.one_file": _("Drop one picture. A PSD may bring its .c2pa file along."),
    "export.no_certificate": _(
        "The certificate that signs exports can not be used. Tell whoever runs this server to look at its settings."
    ),
    "export.shot_changed": _(
        "The set of this shot was renewed since it was made. Make the shot again, then export it."
    ),
    "export.no_layers": _(
        "Which pixels of this picture are the product's own is not known, so it has no layers. Export it as PNG."
    ),
    "export.master_changed": _(
        "The kept picture of this shot is not the one that was checked. Make the shot again, then export it."
    ),
    "export.too_many_bytes": _(
        "Even at the lowest quality that we allow the file has %(smallest)s; at most %(limit)s is taken. "
        "Choose a profile with a smaller picture."
    ),
    "export.not_signed": _("The content credentials could not be written. Please try again in a moment."),
    "export.psd_unreadable": _("The layered file could not be read again. Please try again in a moment."),
    "cutout.too_small": _("The photo is too small to cut out (%(width)s × %(height)s pixels). Upload a larger one."),
    "cutout.box_outside": _("The box lies outside the photo (%(width)s × %(height)s pixels). Draw it on the product."),
    "cutout.at_frame": _(
        "We found no whole product: something reaches the photo's edge. If that is it, draw a box around it, or take a "
        "photo with all of it."
    ),
    "cutout.nothing_found": _("We found no product there. Draw a box closely around it, or use another photo."),
    "cutout.transparent": _("All of this picture is transparent. Use a file with the product in it."),
    "cutout.no_engine": _("No cutout engine runs on this server. Tell whoever runs it to look at the worker's log."),
    "cutout.weights_missing": _("The cutout model is not on this server. Tell whoever runs it to install its weights."),
    "cutout.weights_corrupt": _("The cutout model on this server is damaged. Tell whoever runs it to fetch it again."),
    "cutout.model_not_loaded": _("The cutout model could not be loaded. Please try again in a moment."),
    "cutout.model_not_allowed": _("That cutout model may not be used here. Choose another one in the settings."),
    "cutout.unknown_engine": _("There is no such cutout engine. Choose another one in the settings."),
    "cutout.nothing_left": _("Nothing of the product would be left. Take the last change back and save again."),
    "strokes.unreadable": _("Your changes could not be read. Reload the page and try again."),
    "strokes.unknown_tool": _("One of your changes was made with a tool that we do not know. Reload the page."),
    "strokes.out_of_range": _("One of your changes lies far outside the photo. Take it back and save again."),
    "strokes.too_many": _("That is more than fits into one go (%(limit)s). Save, then go on."),
    "strokes.too_many_points": _("One stroke is too long. Lift the brush now and then; take the last one back."),
    "strokes.too_few_points": _("A polygon needs at least three corners."),
    "strokes.other_photo": _("These changes were made on another photo. Reload the page."),
    "strokes.nothing_painted": _("There is nothing to save yet. Paint something first."),
    "member_above_you": _("That person's role is above yours. Ask an owner of the workspace."),
    "role_above_yours": _("You can give away your own role or a lower one. Ask somebody with a higher role."),
    "last_owner": _("A workspace needs an owner. Make somebody else an owner first."),
    "workspace_name_missing": _("Give the workspace a name."),
    "workspace_name_too_long": _("That name is too long. Use 80 characters or fewer."),
    "workspace_name_mismatch": _("That is not the workspace's name. Type it exactly as shown."),
    "email_invalid": _("That does not look like an e-mail address. Check it for typing errors."),
    "already_member": _("This person is a member already."),
    "already_invited": _("This person is invited already. Send the invitation again from the list below."),
    "too_many_invitations": _("%(limit)s invitations are waiting already. Revoke some before sending more."),
    "invitations_too_fast": _("%(limit)s invitations were sent within the hour. Wait a while before sending more."),
    "invitation_just_sent": _("That invitation was sent a moment ago. Wait a minute before sending it again."),
    "invitation_closed": _("This invitation is used up, revoked or too old. Ask for a new one."),
    "invitation_for_somebody_else": _("This invitation is for another address. Sign in with that one to accept it."),
    "mail_not_sent": _("The mail could not be sent. What you entered is kept; send it again in a few minutes."),
    "confirmation_not_sent": _(
        "The mail with the link that confirms your address could not be sent. Your account is kept: "
        "sign in a few minutes from now, and we send the link again."
    ),
    "too_many_workspaces": _(
        "You own %(limit)s workspaces already, and more are not possible. Deleted ones count until they are erased."
    ),
    "language_unknown": _("We do not speak that language yet. Choose one from the list."),
    "assets.empty": _("This file is empty. Export the picture again and drop the new file."),
    "assets.too_big": _(
        "This file is larger than %(limit_mb)s MB. Save it as JPEG, or make it smaller, and drop it again."
    ),
    "assets.one_file": _("No file arrived. Choose the picture again."),
    "assets.unknown_type": _("This is not a picture we can read. Use JPEG, PNG, WebP, AVIF, TIFF or BMP."),
    "assets.gif": _("GIF has too few colours for a product photo. Use the original photo, as JPEG or PNG."),
    "assets.svg": _("This is a drawing (SVG), not a photo. Export it as PNG, at least 1200 pixels wide."),
    "assets.pdf": _("This is a PDF. Export the page with the product as JPEG or PNG."),
    "assets.web_page": _("This is a web page, not a picture. Open it, save the picture itself and drop that."),
    "assets.archive": _("This is an archive. Unpack it and drop the pictures, or the whole folder."),
    "assets.video": _("This is a video or sound file. Save one frame as JPEG or PNG."),
    "assets.layered": _("This file has layers (Photoshop or GIMP). Export it as PNG or TIFF without layers."),
    "assets.raw": _("This is a camera's raw file. Develop it and export JPEG, or TIFF with 8 or 16 bits."),
    "assets.heic": _(
        "HEIC is not switched on here. Share the photo as JPEG, or ask your administrator for the HEIC extra."
    ),
    "assets.animated": _("This picture moves. Save the frame you want as JPEG or PNG."),
    "assets.many_pages": _("This TIFF has several pages. Export the page with the product on its own."),
    "assets.too_many_pixels": _(
        "This picture has %(width)s × %(height)s pixels; the limit is %(limit)s megapixels. Make it smaller first."
    ),
    "assets.too_long": _(
        "This picture is %(width)s × %(height)s pixels; no side may be longer than %(limit)s. Crop it and try again."
    ),
    "assets.too_small": _(
        "This picture is only %(width)s × %(height)s pixels. Use one of at least %(limit)s on each side; 1200 is good."
    ),
    "assets.deep_pixels": _("This picture stores colours as 32-bit numbers. Export it with 8 or 16 bits a channel."),
    "assets.damaged": _(
        "This file is damaged or incomplete. Copy it from the camera or phone again, or export it anew."
    ),
    "assets.too_complex": _(
        "This file takes far more work than a photo should. Open it and export it anew as JPEG or PNG."
    ),
    "assets.busy": _("Many pictures are coming in right now. Try this one again in a moment."),
    "assets.storage_full": _(
        "There is no room to store this right now. Nothing was lost; tell your administrator and try again."
    ),
    "assets.storage_down": _("The storage does not answer right now. Nothing was lost; try again in a moment."),
    "assets.bytes_missing": _(
        "The stored file can not be found. Upload the picture again, or tell your administrator."
    ),
    "assets.bytes_damaged": _("The stored file is damaged. Upload the picture again, or tell your administrator."),
    "assets.not_arrived": _("The file has not arrived yet. Send it again."),
    "assets.upload_expired": _("This upload was never finished. Drop the file again."),
    "assets.link_expired": _("This link has expired. Go back to the page and open the picture from there."),
    "cancelled": _("Cancelled. Nothing was charged."),
    "worker_lost": _("The machine that worked on this stopped three times. Nothing was charged; please try again."),
    "deadline_passed": _("This took longer than it may (%(minutes)s min) and was stopped. Please try again."),
    "job_kind_unknown": _(
        "VisualForge is being updated, and this part of it does not know this kind of work. "
        "Nothing was charged; please try again in a few minutes."
    ),
    "job_not_retryable": _("Only failed or cancelled work can be tried again. Reload the page to see its state."),
    "job_unwanted": _(
        "What this was for has been deleted. Bring it back from the deleted shots first, then try again."
    ),
    "idempotency_mismatch": _("The same key was used for a different request. Send a new key with a new request."),
    "cursor_unreadable": _("That position in the list of changes could not be read. Reload the page."),
    "internal": _("Something broke on our side. Nothing was lost; please try again in a moment."),
}


def sentence(code: str, params: Mapping[str, object] | None = None) -> str:
    """The sentence for ``code`` in the active language; unknown codes fall back to the general one."""
    text = str(SENTENCES.get(code, SENTENCES["internal"]))
    try:
        return text % (params or {})
    except (KeyError, ValueError, TypeError):
        return gettext("Something broke on our side. Nothing was lost; please try again in a moment.")
