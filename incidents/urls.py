from django.urls import URLPattern, URLResolver, path

from incidents import views

app_name = "incidents"
pages: list[URLPattern | URLResolver] = [
    path("incidents/<int:pk>/", views.detail, name="detail"),
]
urlpatterns = pages
