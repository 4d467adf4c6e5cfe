"""Products: the grid, one product, its cutout."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.core.answers import wants_json, wants_part
from apps.core.errors import InvalidInput
from apps.studio import choices, samples, selectors, services
from apps.studio.forms import BoxForm, DescriptionForm
from apps.studio.models import Product

PRODUCTS_A_PAGE = 60


@require_GET
@workspace_view()
def entrance(request: WorkspaceRequest) -> HttpResponse:
    """``/w/<slug>/`` itself: Studio is the first room."""
    return redirect("studio:home", workspace=request.workspace.slug)


@require_GET
@workspace_view()
def home(request: WorkspaceRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    archived = request.GET.get("show") == "archived"
    found = selectors.products(request.workspace, query=query, archived=archived)
    page = Paginator(found, PRODUCTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "products": page.object_list,
        "page": page,
        "query": query,
        "archived": archived,
        "archived_count": selectors.products(request.workspace, archived=True).count(),
        "put_away": selectors.put_away(request.workspace, request.GET.get("put-away", "")),
        "samples": samples.offered(),
    }
    template = "studio/_product_found.html" if request.headers.get("HX-Request") else "studio/home.html"
    return render(request, template, context)


@require_POST
@workspace_view(role=Role.EDITOR)
def create_products(request: WorkspaceRequest) -> HttpResponse:
    photos = selectors.photos(request.workspace, services.parse_ids(request.POST.getlist("asset")))
    products = services.create_products(request.workspace, photos=photos, by=request.user)
    return _created(request, products)


@require_POST
@workspace_view(role=Role.EDITOR)
def add_sample(request: WorkspaceRequest) -> HttpResponse:
    product = samples.add_sample(request.workspace, name=request.POST.get("sample", ""), by=request.user)
    return _created(request, [product])


def _created(request: WorkspaceRequest, products: list[Product]) -> HttpResponse:
    slug = request.workspace.slug
    if wants_json(request):
        rows = [
            {"id": str(p.id), "name": p.name, "url": reverse("studio:product", args=[slug, p.id])} for p in products
        ]
        return JsonResponse({"products": rows}, status=201)
    if request.headers.get("HX-Request"):
        count = selectors.products(request.workspace).count()
        return render(request, "studio/_product_new.html", {"products": products, "count": count}, status=201)
    if len(products) == 1:
        return redirect("studio:product", workspace=slug, product_id=products[0].id)
    return redirect("studio:home", workspace=slug)


@require_GET
@workspace_view()
def product(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_product(request.workspace, product_id)
    context = {
        "product": found,
        "shoots": selectors.shoots(found)[:12],
        **choices.for_product(found),
        **choices.facts(found),
    }
    return render(request, "studio/product.html", context)


@require_GET
@workspace_view()
def product_card(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_product(request.workspace, product_id)
    return render(request, "studio/_product_card.html", {"product": found})


@require_GET
@workspace_view()
def cutout(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """The cutout panel alone; fetched again whenever the cutout's job changed."""
    found = selectors.get_product(request.workspace, product_id)
    return render(request, "studio/_cutout.html", {"product": found})


@require_POST
@workspace_view(role=Role.EDITOR)
def request_cutout(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_product(request.workspace, product_id)
    box = BoxForm(request.POST).box() if "x" in request.POST else None
    services.request_cutout(found, box=box, by=request.user)
    return _product_answer(request, product_id, "studio/_cutout.html")


@require_POST
@workspace_view(role=Role.EDITOR)
def accept_cutout(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    services.accept_cutout(selectors.get_product(request.workspace, product_id))
    return _product_answer(request, product_id, "studio/_cutout.html")


@require_POST
@workspace_view(role=Role.EDITOR)
def renew_shots(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """Shots that show an earlier cutout are made again with this one."""
    services.renew_shots(selectors.get_product(request.workspace, product_id), by=request.user)
    return _product_answer(request, product_id, "studio/_cutout.html")


@require_POST
@workspace_view(role=Role.EDITOR)
def rename_product(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    found, problem = selectors.get_product(request.workspace, product_id), None
    try:
        services.rename_product(found, name=request.POST.get("name", ""), sku=request.POST.get("sku", ""))
    except InvalidInput as error:
        if not wants_part(request):
            raise
        problem = error
    if not wants_part(request):
        return redirect("studio:product", workspace=request.workspace.slug, product_id=product_id)
    return render(request, "studio/_product_named.html", {"product": found, "problem": problem})


@require_http_methods(["GET", "POST"])
@workspace_view(role=Role.EDITOR)
def describe_product(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """Kind, size and viewpoint, alone; fetched again when the cutout changed, because a guess may have come with it."""
    found = selectors.get_product(request.workspace, product_id)
    if request.method == "POST":
        services.describe_product(found, **DescriptionForm(request.POST).wishes())
        if not wants_part(request):
            return redirect("studio:product", workspace=request.workspace.slug, product_id=product_id)
        found = selectors.get_product(request.workspace, product_id)
    answer = render(request, "studio/_product_facts.html", {"product": found, **choices.facts(found)})
    if request.method == "POST":
        answer["HX-Trigger-After-Settle"] = "vf:described"
    return answer


@require_POST
@workspace_view(role=Role.EDITOR)
def archive_product(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """Back to the products, which offer to take it back."""
    found = services.archive_product(selectors.get_product(request.workspace, product_id))
    return redirect(f"{reverse('studio:home', args=[request.workspace.slug])}?put-away={found.id}")


@require_POST
@workspace_view(role=Role.EDITOR)
def restore_product(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    services.restore_product(selectors.get_product(request.workspace, product_id))
    return redirect("studio:product", workspace=request.workspace.slug, product_id=product_id)


def _product_answer(request: WorkspaceRequest, product_id: uuid.UUID, partial: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        found = selectors.get_product(request.workspace, product_id)
        return render(request, partial, {"product": found})
    return redirect("studio:product", workspace=request.workspace.slug, product_id=product_id)
