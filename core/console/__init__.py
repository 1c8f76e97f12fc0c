"""The console: the one base of every page of the admin, and the parts its pages are made of.

| module | holds |
| --- | --- |
| `modeladmin` | `ModelAdmin` and `TabularInline`, the only bases (the site refuses others) |
| `dialogs` | `dialog()`: a form in a modal that performs one flow |
| `panels` | the registry of a subject's tabs and of the dashboard's cards |
| `navigation` | the sidebar, its tabs and counts |
| `site` | the admin site: log-in, home, search |

This package imports nothing by itself: `core.console.apps` is read before the models are.
"""
