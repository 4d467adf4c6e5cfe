"""Sentences of generated scenes: what a form, the policy, the models and the workers refuse. Part of ``sentences``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SCENE_SENTENCES = {
    "adapter.no_name": _("Give it a name of 1 to %(most)s characters."),
    "adapter.bad_trigger": _(
        "Its word has 3 to 24 small letters and digits without spaces, and begins with a letter. Type another one."
    ),
    "adapter.no_subject": _("Say in 1 to %(most)s characters what the pictures show, for example “a glass bottle”."),
    "adapter.pictures": _("Choose %(fewest)s to %(most)s pictures; there are %(count)s now."),
    "adapter.caption_too_long": _("The words of a picture are too long: at most %(most)s characters. Shorten them."),
    "adapter.bad_plan": _("Choose one of the offered lengths and sizes."),
    "adapter.not_trainable": _(
        "No GPU worker that can train this model is running. Try again later, or choose another model."
    ),
    "adapter.too_many": _("There are %(most)s adapters in this workspace already. Delete one that you need no longer."),
    "adapter.too_many_open": _(
        "%(most)s adapters of this workspace are being trained already. Wait until one is done, or cancel one."
    ),
    "adapter.not_ready": _("This adapter was never finished. Try its training again, or delete it."),
    "adapter.not_usable": _(
        "That adapter can not be used with this model now. It was trained on %(model)s; choose that model, or none."
    ),
    "adapter.still_learning": _("This adapter is still being trained. Cancel the training first."),
    "adapter.retire_first": _("This adapter is in use. Retire it first; then it can be deleted."),
    "adapter.gone": _("The adapter that this picture was asked for with was deleted. Make a new one without it."),
    "generate.adapter_other_revision": _(
        "That adapter was trained on another revision of this model than the one that is loaded. Train it again."
    ),
    "generate.adapter_out_of_memory": _(
        "The device has too little memory to train this model. Choose a smaller model, or a smaller adapter."
    ),
    "scene.generated_only": _("Only generated pictures can be changed in words. Edit this one with its controls."),
    "scene.no_region": _("Draw a box around the part that may change."),
    "change.nothing_painted": _("Paint over the part that may change."),
    "change.too_small": _("What you painted is too small to draw in. Paint a larger part."),
    "scene.not_offered": _(
        "No GPU worker that has this model is running, so nobody can draw this now. Try again later, choose another "
        "model, or use a studio set: sets need no GPU."
    ),
    "scene.count": _("That number lies outside its range, which is %(low)s to %(high)s. Choose another one."),
    "scene.set_only": _("The controls of sets do not change a generated scene. Make a similar one instead."),
    "scene.unknown_choice": _("“%(name)s” is not offered any more. Reload the page and choose another one."),
    "scene.too_many": _("That is too much for one scene: at most %(most)s. Take some away."),
    "scene.words_too_long": _("Your words are too long: at most %(most)s characters. Shorten them."),
    "scene.bad_box": _("A box lies outside the picture or has no size. Move it inside or remove it."),
    "scene.bad_form": _("That form could not be read. Reload the page and try again."),
    "scene.bad_graph": _("That scene could not be understood. Reload the page and try again."),
    "scene.bad_label": _("Say in 1 to %(most)s characters what the product is."),
    "scene.cannot_be_arranged": _("These things do not fit beside each other. Take one away or move its box."),
    "prompt.sexual": _("Sexual or nude scenes are not made here. Describe the scene without them."),
    "prompt.minors": _("Children and teenagers are not shown in generated scenes. Describe the scene without people."),
    "prompt.violence": _("Violence and weapons aimed at people are not made here. Describe the scene without them."),
    "prompt.hate": _("Hateful symbols and slogans are not made here. Describe the scene without them."),
    "prompt.illegal_goods": _("Illegal goods are not shown here. Describe the scene without them."),
    "prompt.real_people": _("Real people are not shown in generated scenes. Describe the scene without their names."),
    "prompt.trademarks": _(
        "Other brands and their characters are not drawn here. Describe what it should look like without their names."
    ),
    "prompt.medical_claims": _("Medical promises are not put into pictures. Describe only what can be seen."),
    "prompt.deception": _(
        "Seals, awards and papers that do not exist are not drawn here. Describe the scene without them."
    ),
    "generated.bad_mode": _("Choose whether the product stays exact or is re-imagined."),
    "generated.bad_size": _("A picture has 64 to 4096 pixels on each side. Choose another format."),
    "generated.bad_number": _("“%(name)s” lies between %(low)s and %(high)s. Choose another value."),
    "generated.bad_spec": _("That request could not be read. Reload the page and try again."),
    "generated.no_label": _("Say what the product is, for example “a glass perfume bottle”."),
    "generated.no_instruction": _("Say what should change, in one to two sentences."),
    "generated.no_region": _("Draw a box where the picture may change."),
    "generated.empty_region": _("The part that may change is empty. Draw a larger box."),
    "generated.no_photo": _("This product has no photo any more. Add it again."),
    "generated.no_picture": _("There is no picture to change yet. Wait until the shot is finished."),
    "generated.picture_size": _("The picture and the marked part have different sizes. Reload the page and try again."),
    "generated.product_changed": _("The model drew over the product."),
    "generated.product_extended": _("The model drew more of the product than there is."),
    "generated.product_repeated": _("The model drew the product a second time."),
    "generated.prompt_score_absent": _(
        "How well the pictures fit the words was not judged: the network that can do it is not here."
    ),
    "generated.planner_away": _(
        "The language model that reads free words was away, so rules read them: rarer words may have been missed."
    ),
    "generated.meaning_drawn": _(
        "What the pictures mean was guessed by the model itself, because the networks that read it are not here: "
        "it may follow them less closely. Settings, Engines says what is missing."
    ),
    "generated.layout_not_told": _("This model was not told where things are; it is not able to follow boxes."),
    "generated.layout_left_out": _(
        "The description is longer than what this model reads, so it was not told where things are. "
        "Say it in fewer words."
    ),
    "generated.no_candidate_passed": _(
        "None of %(candidates)s candidates kept the product as it is, so nothing was kept and nothing is charged. "
        "Try again, or describe a simpler scene."
    ),
    "export.generated_format": _(
        "This generated picture can not be cut to that format without cutting the product. "
        "Make the scene again in the format you need."
    ),
    "generate.unknown_model": _("There is no model called “%(name)s”. Reload the page and choose another one."),
    "generate.nothing_asked": _("Nothing was asked for. Reload the page and try again."),
    "generate.bad_prompt": _("The description is empty or too long. Shorten your words and try again."),
    "generate.bad_seed": _("That variation does not exist. Reload the page and try again."),
    "generate.wrong_size": _("This model can not draw %(width)s × %(height)s pixels. Choose another format."),
    "generate.wrong_steps": _("This model takes %(known)s steps, not %(steps)s. Choose another model."),
    "generate.wrong_guidance": _("This model takes a guidance of %(known)s, not %(guidance)s. Choose another model."),
    "generate.bad_strength": _("The strength lies between 0 and 100 %%. Choose another value."),
    "generate.picture_size": _("The pictures do not have the size of the request. Reload the page and try again."),
    "generate.no_picture": _("This model changes a picture and needs one. Choose a model that draws scenes."),
    "generate.bad_palette": _("That palette has too many colours for a model. Leave some away."),
    "generate.bad_layout": _("A box lies outside the picture. Move it inside or remove it."),
    "generate.layout_phrase": _("A box names something that is not in the scene. Remove it or add the thing."),
    "generate.mask_not_possible": _("This model can not keep a part of a picture. Choose another model."),
    "generate.palette_not_possible": _(
        "This model can not be guided by a palette. Untick the guiding, or choose another model."
    ),
    "generate.style_not_possible": _("This model can not follow the style of a picture. Choose another model."),
    "generate.layout_not_possible": _("This model can not be told where things are. Remove the boxes."),
    "generate.adapter_missing": _("That adapter is not on the machine that draws. Train it again, or choose another."),
    "generate.adapter_unreadable": _("The file of that adapter is damaged. Train it again."),
    "generate.adapter_other_model": _(
        "That adapter was trained for another model. Choose that model, or train an adapter for this one."
    ),
    "generate.adapter_not_possible": _("This model takes no adapters. Choose another model."),
    "generate.bad_adapter": _("A picture uses at most %(most)s adapters, each once. Take some away."),
    "generate.adapter_pictures": _(
        "An adapter learns from 1 to %(most)s pictures, each with a few words about it. Add what is missing."
    ),
    "generate.adapter_plan": _("A value of this training is out of its range. Reset it and try again."),
    "generate.adapter_no_semantics": _(
        "The machine that trains lacks a part of this model. Tell whoever runs this server, or choose another model."
    ),
    "generate.licence_not_accepted": _(
        "The licence of its weights forbids commercial use. Where yours is not commercial, the operator accepts it "
        "with GENERATOR_LICENCES; otherwise choose a model that may be used commercially."
    ),
    "generate.remote_code_off": _(
        "It runs code of its own repository, which is off. The operator reads that code at one commit and pins it with "
        "GENERATOR_PINNED_CODE."
    ),
    "generate.other_revision": _(
        "Its folder holds another commit, or other code, than what is pinned. Fetch the pinned commit again."
    ),
    "generate.packages_missing": _("The packages of generating workers are not installed here."),
    "generate.weights_missing": _("Its weights are not here."),
    "generate.checkpoint_incompatible": _("Its weights are damaged or of another kind. Fetch them again."),
    "generate.not_loaded": _("It broke while it was loaded. The log of the GPU worker says more."),
    "generate.too_little_memory": _("The device has too little free memory for it. Stop what else uses it."),
    "generate.out_of_memory": _(
        "The device ran out of memory even for one picture. Choose a smaller format or a smaller model."
    ),
}
