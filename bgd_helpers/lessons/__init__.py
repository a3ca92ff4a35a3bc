"""What single notebooks run."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, ["autodiff", "beliefs", "experiments", "handout", "limits", "minima", "races", "sampling", "tuning"]
)
