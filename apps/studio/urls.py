from __future__ import annotations

from django.urls import include, path

from apps.studio.views import (
    adapters,
    batches,
    best,
    cutouts,
    edits,
    exports,
    looks,
    previews,
    products,
    review,
    scenes,
    shoots,
)

app_name = "studio"

products_urls = [
    path("", products.create_products, name="products_create"),
    path("sample/", products.add_sample, name="add_sample"),
    path("<uuid:product_id>/", products.product, name="product"),
    path("<uuid:product_id>/card", products.product_card, name="product_card"),
    path("<uuid:product_id>/name", products.rename_product, name="rename_product"),
    path("<uuid:product_id>/describe", products.describe_product, name="describe_product"),
    path("<uuid:product_id>/archive", products.archive_product, name="archive_product"),
    path("<uuid:product_id>/restore", products.restore_product, name="restore_product"),
    path("<uuid:product_id>/cutout", products.cutout, name="cutout"),
    path("<uuid:product_id>/cutout/request", products.request_cutout, name="request_cutout"),
    path("<uuid:product_id>/cutout/accept", products.accept_cutout, name="accept_cutout"),
    path("<uuid:product_id>/cutout/edit", cutouts.edit_cutout, name="edit_cutout"),
    path("<uuid:product_id>/cutout/picture", cutouts.cutout_picture, name="cutout_picture"),
    path("<uuid:product_id>/cutout/now", cutouts.cutout_now, name="cutout_now"),
    path("<uuid:product_id>/cutout/refine", cutouts.refine_cutout, name="refine_cutout"),
    path("<uuid:product_id>/cutout/refine/<uuid:refinement_id>", cutouts.refined_cutout, name="refined_cutout"),
    path("<uuid:product_id>/cutout/save", cutouts.save_cutout, name="save_cutout"),
    path("<uuid:product_id>/cutout/use", cutouts.use_cutout, name="use_cutout"),
    path("<uuid:product_id>/preview", previews.preview, name="preview"),
    path("<uuid:product_id>/preview/leave", previews.leave_previews, name="leave_previews"),
    path("<uuid:product_id>/shoots/", shoots.create_shoot, name="create_shoot"),
    path("<uuid:product_id>/scene/", scenes.scene, name="scene"),
    path("<uuid:product_id>/scene/offer", scenes.scene_offer, name="scene_offer"),
    path("<uuid:product_id>/scene/plan", scenes.plan_scene, name="plan_scene"),
    path("<uuid:product_id>/scene/create", scenes.create_scene, name="create_scene"),
]
shoots_urls = [
    path("<uuid:shoot_id>/", shoots.shoot, name="shoot"),
    path("<uuid:shoot_id>/state", shoots.shoot_state, name="shoot_state"),
    path("<uuid:shoot_id>/cancel", shoots.cancel_shoot, name="cancel_shoot"),
    path("<uuid:shoot_id>/retry", shoots.retry_shoot, name="retry_shoot"),
    path("<uuid:shoot_id>/zip", shoots.shoot_zip, name="shoot_zip"),
]
shots_urls = [
    path("<uuid:shot_id>/", shoots.shot, name="shot"),
    path("<uuid:shot_id>/card", shoots.shot_card, name="shot_card"),
    path("<uuid:shot_id>/judge", shoots.judge_shot, name="judge_shot"),
    path("<uuid:shot_id>/retry", shoots.retry_shot, name="retry_shot"),
    path("<uuid:shot_id>/edit", edits.edit, name="edit_shot"),
    path("<uuid:shot_id>/draft", edits.draft, name="draft_shot"),
    path("<uuid:shot_id>/save", edits.save_edit, name="save_edit"),
    path("<uuid:shot_id>/show", edits.show_version, name="show_version"),
    path("<uuid:shot_id>/best", best.best, name="best"),
    path("<uuid:shot_id>/best/find", best.find_best, name="find_best"),
    path("<uuid:shot_id>/change", scenes.change, name="change"),
    path("<uuid:shot_id>/change/save", scenes.save_change, name="save_change"),
    path("<uuid:shot_id>/candidates", scenes.candidates, name="candidates"),
    path("<uuid:shot_id>/candidates/take", scenes.take_candidate, name="take_candidate"),
    path("<uuid:shot_id>/look", looks.choose, name="choose_look"),
    path("<uuid:shot_id>/look/apply", looks.apply, name="apply_look"),
    path("<uuid:shot_id>/versions", edits.versions, name="shot_versions"),
    path("<uuid:shot_id>/download", shoots.shot_download, name="shot_download"),
]
looks_urls = [
    path("", looks.look, name="look"),
    path("state", looks.look_state, name="look_state"),
    path("retry", looks.retry_look, name="retry_look"),
    path("cancel", looks.cancel_look, name="cancel_look"),
]
exports_urls = [
    path("", exports.exports, name="exports"),
    path("new", exports.new_export, name="new_export"),
    path("name", exports.name_example, name="export_name"),
    path("create", exports.create_export, name="create_export"),
    path("<uuid:export_id>/", exports.export, name="export"),
    path("<uuid:export_id>/state", exports.export_state, name="export_state"),
    path("<uuid:export_id>/cancel", exports.cancel_export, name="cancel_export"),
    path("<uuid:export_id>/zip", exports.export_zip, name="export_zip"),
    path("files/<uuid:export_file_id>", exports.export_file, name="export_file"),
]
verify_urls = [
    path("", exports.verify, name="verify"),
    path("file", exports.inspect_file, name="inspect_file"),
]
batches_urls = [
    path("", batches.batches, name="batches"),
    path("new", batches.new_batch, name="new_batch"),
    path("create", batches.create_batch, name="create_batch"),
    path("<uuid:batch_id>/", batches.batch, name="batch"),
    path("<uuid:batch_id>/state", batches.batch_state, name="batch_state"),
    path("<uuid:batch_id>/failed", batches.failed_csv, name="batch_failed"),
    path("<uuid:batch_id>/retry", batches.retry_batch, name="retry_batch"),
    path("<uuid:batch_id>/cancel", batches.cancel_batch, name="cancel_batch"),
]
adapters_urls = [
    path("", adapters.adapter_list, name="adapters"),
    path("state", adapters.adapter_list_state, name="adapter_list_state"),
    path("new", adapters.new_adapter, name="new_adapter"),
    path("create", adapters.create_adapter, name="create_adapter"),
    path("<uuid:adapter_id>/", adapters.adapter, name="adapter"),
    path("<uuid:adapter_id>/state", adapters.adapter_state, name="adapter_state"),
    path("<uuid:adapter_id>/rename", adapters.rename_adapter, name="rename_adapter"),
    path("<uuid:adapter_id>/retire", adapters.retire_adapter, name="retire_adapter"),
    path("<uuid:adapter_id>/restore", adapters.restore_adapter, name="restore_adapter"),
    path("<uuid:adapter_id>/delete", adapters.delete_adapter, name="delete_adapter"),
    path("<uuid:adapter_id>/preview", adapters.adapter_preview, name="adapter_preview"),
    path("<uuid:adapter_id>/file", adapters.adapter_file, name="adapter_file"),
]
urlpatterns = [
    path("w/<slug:workspace>/", products.entrance, name="entrance"),
    path("w/<slug:workspace>/studio/", products.home, name="home"),
    path("w/<slug:workspace>/studio/products/", include(products_urls)),
    path("w/<slug:workspace>/studio/batches/", include(batches_urls)),
    path("w/<slug:workspace>/studio/shoots/", include(shoots_urls)),
    path("w/<slug:workspace>/studio/shots/", include(shots_urls)),
    path("w/<slug:workspace>/studio/looks/<uuid:batch_id>/", include(looks_urls)),
    path("w/<slug:workspace>/settings/engines/", scenes.engines_page, name="engines"),
    path("w/<slug:workspace>/studio/library/", review.library, name="library"),
    path("w/<slug:workspace>/studio/library/zip", review.shots_zip, name="shots_zip"),
    path("w/<slug:workspace>/studio/review/", review.review, name="review"),
    path("w/<slug:workspace>/studio/review/tabs", review.review_tabs, name="review_tabs"),
    path("w/<slug:workspace>/studio/review/yields", review.review_yields, name="review_yields"),
    path("w/<slug:workspace>/studio/review/judge", review.judge_shots, name="judge_shots"),
    path("w/<slug:workspace>/studio/exports/", include(exports_urls)),
    path("w/<slug:workspace>/studio/adapters/", include(adapters_urls)),
    path("w/<slug:workspace>/studio/verify/", include(verify_urls)),
]
